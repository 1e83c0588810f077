package report

// UploadSchema is the name and version of the JSON form of an UploadReport.
const UploadSchema = "loadline.upload/v1"

// UploadReport is exactly what one `docker build` would upload.
type UploadReport struct {
	Schema string `json:"schema"`
	// Exact is false where an assumption may change a number.
	Exact       bool     `json:"exact"`
	Assumptions []string `json:"assumptions"`
	// Upload adds up all transfers: the Dockerfile's and the ignore files' included.
	Upload    Size             `json:"upload"`
	Transfers []UploadTransfer `json:"transfers"`
}

// UploadTransfer is one part of the upload, as BuildKit prints it.
type UploadTransfer struct {
	Name  string `json:"name"`
	Label string `json:"label"`
	Size
	// Entries are the files and links sent, in the order of sending; nil where they were not asked for.
	Entries []UploadEntry `json:"entries,omitzero"`
}

// UploadEntry is a path that is sent. Size is how many bytes of contents are: 0 for links, and for further names of a
// hard-linked file.
type UploadEntry struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
}

// DropEntries leaves the lists of files out.
func (u *UploadReport) DropEntries() {
	for i := range u.Transfers {
		u.Transfers[i].Entries = nil
	}
}

func (u *UploadReport) normalize() {
	u.Schema = UploadSchema
	fill(&u.Assumptions)
	fill(&u.Transfers)
	for i := range u.Transfers {
		for j := range u.Transfers[i].Entries {
			e := &u.Transfers[i].Entries[j]
			e.Path = visible(e.Path)
		}
	}
}
