package rules

import (
	"context"

	"github.com/loadline-dev/loadline/pkg/finding"
	"github.com/loadline-dev/loadline/pkg/rule"
)

// largeFileBundled reports models, data sets and media that travel in the build context.
var largeFileBundled = rule.Rule{
	Name:     "large-file-bundled",
	Title:    "a model, data set or recording is uploaded",
	Area:     finding.RemoteFiles,
	Severity: finding.Notice,
	Needs:    rule.NeedsUpload,
	Run:      runLargeFileBundled,
}

// kindOfFile says from which size on, in bytes, a kind of file is worth fetching, and whether such files are often part
// of an application.
type kindOfFile struct {
	from  int64
	asset bool
}

// dataFiles are kinds of files that hold data and no code: weights, tables, arrays, databases, recordings, disk images.
var dataFiles = map[string]kindOfFile{
	".gguf": {from: 5e6}, ".ggml": {from: 5e6}, ".safetensors": {from: 5e6}, ".pt": {from: 5e6}, ".pth": {from: 5e6},
	".ckpt": {from: 5e6}, ".onnx": {from: 5e6}, ".h5": {from: 5e6}, ".hdf5": {from: 5e6}, ".tflite": {from: 5e6},
	".caffemodel": {from: 5e6}, ".mar": {from: 5e6}, ".npy": {from: 5e6}, ".npz": {from: 5e6}, ".pkl": {from: 10e6},
	".parquet": {from: 10e6}, ".arrow": {from: 10e6}, ".feather": {from: 10e6}, ".avro": {from: 10e6}, ".csv": {from: 20e6},
	".tsv": {from: 20e6}, ".jsonl": {from: 20e6}, ".ndjson": {from: 20e6}, ".bin": {from: 50e6}, ".dat": {from: 50e6},
	".mmdb": {from: 5e6}, ".pbf": {from: 5e6}, ".osm": {from: 20e6}, ".tif": {from: 20e6}, ".tiff": {from: 20e6},
	".mp4": {from: 5e6, asset: true}, ".mov": {from: 5e6, asset: true}, ".mkv": {from: 5e6, asset: true},
	".avi": {from: 5e6, asset: true}, ".webm": {from: 5e6, asset: true}, ".wav": {from: 5e6, asset: true},
	".flac": {from: 5e6, asset: true}, ".psd": {from: 10e6}, ".qcow2": {from: 5e6}, ".ova": {from: 5e6}, ".vmdk": {from: 5e6},
	".vdi": {from: 5e6},
}

// anything is the size from which a file of any kind is worth a word, in bytes: what git hosts refuse without LFS
// (docs.github.com, "About large files on GitHub": 100 MiB).
const anything = 100 << 20

func runLargeFileBundled(_ context.Context, p *rule.Pass) error {
	for _, u := range p.Uploads() {
		var found []bundle
		for _, f := range u.Files() {
			if f.Payload < 5e6 || !f.Mode.IsRegular() || !isData(f) || u.Readmitted(f.Path) != nil {
				continue
			}
			found = append(found, bundle{path: f.Path, size: u.Under(f.Path)})
		}
		reportBundles(p, u, found, "such file", fetchInstead)
	}
	return nil
}

// isData reports whether a file is data that could be fetched. Archives have their own rule; a database or dump that git
// does not track belongs to a developer and is left out, not fetched.
func isData(f rule.File) bool {
	ext := extension(f.Path)
	if _, archive := archives[ext]; archive || fixtures.MatchString(f.Path) || untrackedState(f) {
		return false
	}
	k, known := dataFiles[ext]
	switch {
	case !known:
		return f.Payload >= anything && !f.Untracked
	case k.asset && assets.MatchString(f.Path):
		return false
	}
	return f.Payload >= k.from
}

// untrackedState reports whether a file is what a program left behind, and not an input.
func untrackedState(f rule.File) bool {
	if !f.Untracked {
		return false
	}
	_, known := dataFiles[extension(f.Path)]
	return !known
}
