// Package loadline holds the functions that the command is made of; it is the library's door.
//
// Check compares the builds of a repository at head with those at base. List and Why answer the same questions for a
// single `docker build`. Builds lists what a repository builds.
//
// What is stable: this package, pkg/report and pkg/finding. The other packages may change with any release.
package loadline
