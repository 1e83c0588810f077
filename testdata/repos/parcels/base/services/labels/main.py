from label import print_label

print_label("P-0001")
