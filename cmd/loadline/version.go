package main

import "runtime/debug"

// stamp is the version that a release build is told by the linker: an image is built without the repository.
var stamp string //nolint:gochecknoglobals // the linker sets nothing else

// version is that of the release, else the module's as the go command stamped it; "(devel)" in a work tree.
func version() string {
	if stamp != "" {
		return stamp
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
