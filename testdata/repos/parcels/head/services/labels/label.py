def print_label(parcel):
    print(f"label of {parcel}")
