package baseimage

import (
	"slices"
	"strings"
)

// Distribution is the system inside an image.
type Distribution struct {
	// ID is the distribution as /etc/os-release names it: "debian", "ubuntu", "alpine"; "windows" for Windows; empty
	// where it is not known.
	ID string
	// Release is the release that gets its own packages: "12", "24.04", "3.22"; empty where it is not known.
	Release string
	// Codename is the name of the release where it has one: "bookworm", "noble".
	Codename string
}

// systemIDs are the words of tags that name a distribution.
var systemIDs = map[string]string{
	"alpine": "alpine", "debian": "debian", "ubuntu": "ubuntu", "amazonlinux": "amzn", "al": "amzn",
	"oraclelinux": "ol", "oracle": "ol", "ol": "ol", "ubi": "rhel", "rockylinux": "rocky", "almalinux": "almalinux",
	"azurelinux": "azurelinux", "mariner": "mariner", "fedora": "fedora", "centos": "centos", "photon": "photon",
}

// families of official images that are distributions, by the ID of the distribution.
var distributionFamilies = map[string]string{
	"almalinux": "almalinux", "alpine": "alpine", "amazonlinux": "amzn", "archlinux": "arch", "centos": "centos",
	"debian": "debian", "fedora": "fedora", "mageia": "mageia", "oraclelinux": "ol", "photon": "photon",
	"rockylinux": "rocky", "ubuntu": "ubuntu",
}

func isDistribution(family string) bool { return distributionFamilies[family] != "" }

// namedReleases are the releases that tags name by their codename. Sources: Debian's and Ubuntu's distro-info-data.
var namedReleases = []Distribution{
	{"debian", "7", "wheezy"}, {"debian", "8", "jessie"}, {"debian", "9", "stretch"}, {"debian", "10", "buster"},
	{"debian", "11", "bullseye"}, {"debian", "12", "bookworm"}, {"debian", "13", "trixie"}, {"debian", "14", "forky"},
	{"debian", "15", "duke"}, {"debian", "", "sid"},
	{"ubuntu", "12.04", "precise"}, {"ubuntu", "14.04", "trusty"}, {"ubuntu", "16.04", "xenial"},
	{"ubuntu", "18.04", "bionic"}, {"ubuntu", "20.04", "focal"}, {"ubuntu", "20.10", "groovy"},
	{"ubuntu", "21.04", "hirsute"}, {"ubuntu", "21.10", "impish"}, {"ubuntu", "22.04", "jammy"},
	{"ubuntu", "22.10", "kinetic"}, {"ubuntu", "23.04", "lunar"}, {"ubuntu", "23.10", "mantic"},
	{"ubuntu", "24.04", "noble"}, {"ubuntu", "24.10", "oracular"}, {"ubuntu", "25.04", "plucky"},
	{"ubuntu", "25.10", "questing"}, {"ubuntu", "26.04", "resolute"}, {"ubuntu", "26.10", "stonking"},
}

// codename is the release that a word names.
func codename(word string) (Distribution, bool) {
	n := slices.IndexFunc(namedReleases, func(d Distribution) bool { return d.Codename == word })
	if n < 0 {
		return Distribution{}, false
	}
	return namedReleases[n], true
}

// release is the release of a distribution that a version belongs to: of Debian the first number, of Alpine and Ubuntu
// the first two.
func release(family, version string) Distribution {
	id := family
	if known, ok := distributionFamilies[family]; ok {
		id = known
	}
	d := Distribution{ID: id}
	if !numericWord.MatchString(version) {
		return d
	}
	numbers := strings.Split(version, ".")
	switch {
	case id == "alpine" && len(numbers) == 1 && numbers[0] == "3", id == "ubuntu" && len(numbers) == 1:
		return d // alpine:3 moves with each release
	case len(numbers[0]) == 8 && len(numbers) == 1:
		return d // a day: alpine:20260127 is a snapshot of edge
	case id == "alpine", id == "ubuntu", id == "azurelinux", id == "mariner", id == "photon":
		d.Release = strings.Join(numbers[:min(2, len(numbers))], ".")
	default:
		d.Release = numbers[0]
	}
	if n := slices.IndexFunc(namedReleases, func(k Distribution) bool { return k.ID == id && k.Release == d.Release }); n >= 0 {
		d.Codename = namedReleases[n].Codename
	}
	return d
}
