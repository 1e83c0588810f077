package baseimage

// Distribution is the system inside an image.
type Distribution struct {
	// ID is the distribution as /etc/os-release names it: "debian", "ubuntu", "alpine"; "windows" for Windows; empty
	// where it is not known.
	ID string
	// Release is its release: "12", "24.04", "3.22"; empty where it is not known.
	Release string
	// Codename is the name of the release where it has one: "bookworm", "noble".
	Codename string
}
