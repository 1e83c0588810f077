package baseimage

import (
	"regexp"
	"slices"
	"strings"
)

// readTag fills in what the tag says. Only the tags of known families are read: elsewhere "alpine" may mean anything.
func (i *Image) readTag() {
	if i.Family == "" {
		return
	}
	t := tag{family: i.Family, words: strings.Split(i.Tag, "-")}
	if i.Tag == "" {
		t.words = nil
	}
	t.read()
	i.Version, i.Channel, i.Flavor = strings.Join(t.version, "-"), t.channel, strings.Join(t.flavor, "-")
	i.Distribution, i.Java = t.distribution, t.java
	if i.Java == "" && defaultsToJDK(i.Family) {
		i.Java = JDK
	}
	i.byName()
	i.Variant = t.variant(i.Distribution)
	i.Libc = libc(*i)
}

// byName adds what the repository's name says beside the family.
func (i *Image) byName() {
	switch {
	case strings.HasPrefix(i.Family, "distroless/"):
		name := strings.TrimPrefix(i.Repository, "distroless/")
		if m := distrolessRelease.FindStringSubmatch(name); m != nil {
			i.Distribution = release("debian", m[1])
		}
		i.Version = ""
		if m := distrolessVersion.FindStringSubmatch(name); m != nil {
			i.Version = m[1]
		}
	case i.Family == "ubi":
		if m := ubiRelease.FindStringSubmatch(i.Repository); m != nil {
			i.Distribution = release("rhel", m[1])
		}
	case isDistribution(i.Family) && i.Distribution.ID == "":
		i.Distribution.ID = i.Family
		if i.Version != "" {
			i.Distribution = release(i.Family, i.Version)
		}
	}
}

var (
	distrolessRelease = regexp.MustCompile(`-debian(\d+)$`)
	distrolessVersion = regexp.MustCompile(`^(?:java|nodejs|python)(\d+)(?:-|$)`)
	ubiRelease        = regexp.MustCompile(`^ubi(\d+)(?:/|-|$)`)
)

// tag is a tag on its way to be read, word by word.
type tag struct {
	family string
	words  []string

	version, flavor []string
	channel         string
	distribution    Distribution
	java            Java
	slim, chiseled  bool
	distroless      bool
	extra, windows  bool
}

// channels are words that stand for whichever version is the newest of a kind.
var channels = []string{
	"latest", "lts", "current", "stable", "mainline", "edge", "rolling", "innovation", "rawhide", "devel", "nightly",
	"unstable", "tip", "testing", "oldstable", "oldoldstable",
	// the release lines of Node.js (nodejs/Release, "Codenames")
	"argon", "boron", "carbon", "dubnium", "erbium", "fermium", "gallium", "hydrogen", "iron", "jod", "krypton",
}

var (
	versionWord  = regexp.MustCompile(`^v?\d`)
	versionTail  = regexp.MustCompile(`^(?:\d[\w.]*|b\d+|rc\d*|ea|alpha\d*|beta\d*|preview|dev\d*)$`)
	javaWord     = regexp.MustCompile(`^(jdk|jre)(\d*)$`)
	releaseWord  = regexp.MustCompile(`^(alpine|debian|ubuntu|amazonlinux|al|oraclelinux|ol|ubi|rockylinux|almalinux|azurelinux|mariner|fedora|centos)(\d+(?:\.\d+)*)$`)
	numericWord  = regexp.MustCompile(`^\d+(?:\.\d+)*$`)
	snapshotWord = regexp.MustCompile(`^20\d{6}(?:\.\d+)?$`)
	windowsWords = []string{"windowsservercore", "nanoserver", "windows"}
)

// read takes the tag apart.
func (t *tag) read() {
	for n := 0; n < len(t.words); n++ {
		word := t.words[n]
		switch {
		case t.windows:
			// what follows is the release of Windows
		case t.system(&n):
		case word == "slim":
			t.slim = true
		case word == "chiseled":
			t.chiseled = true
		case word == "distroless":
			t.distroless = true
		case word == "extra" && t.chiseled:
			t.extra = true
		case javaWord.MatchString(word):
			t.kit(word)
		case len(t.version) == 0 && len(t.flavor) == 0 && versionWord.MatchString(word):
			t.version = append(t.version, word)
		case len(t.version) > 0 && len(t.flavor) == 0 && n > 0 && slices.Contains(t.version, t.words[n-1]) && versionTail.MatchString(word):
			t.version = append(t.version, word)
		case n == 0 && slices.Contains(channels, word):
			t.channel = word
		default:
			t.flavor = append(t.flavor, word)
		}
	}
	if t.channel == "latest" {
		t.channel = ""
	}
}

// system reads a word that names a distribution or a release of one, and moves n over the words it takes.
func (t *tag) system(n *int) bool {
	word := t.words[*n]
	next := ""
	if *n+1 < len(t.words) {
		next = t.words[*n+1]
	}
	if slices.Contains(windowsWords, word) {
		t.windows, t.distribution = true, Distribution{ID: "windows"}
		return true
	}
	if id, ok := codename(word); ok {
		t.distribution = id
		return true
	}
	if m := releaseWord.FindStringSubmatch(word); m != nil {
		t.distribution = release(systemIDs[m[1]], m[2])
		return true
	}
	id, ok := systemIDs[word]
	if !ok || word == "al" || word == "ol" {
		return false
	}
	t.distribution = Distribution{ID: id}
	if numericWord.MatchString(next) { // eclipse-temurin:21-jdk-alpine-3.22
		t.distribution = release(id, next)
		*n++
	}
	return true
}

// kit reads jdk, jre, and either with a version of Java, which belongs to the flavour: gradle:8-jdk21.
func (t *tag) kit(word string) {
	m := javaWord.FindStringSubmatch(word)
	t.java = Java(m[1])
	if m[2] != "" {
		t.flavor = append(t.flavor, "java"+m[2])
	}
}

// variant says how the image is cut down.
func (t *tag) variant(d Distribution) Variant {
	switch {
	case t.windows:
		return Windows
	case t.chiseled && t.extra:
		return ChiseledExtra
	case t.chiseled:
		return Chiseled
	case t.distroless || strings.HasPrefix(t.family, "distroless/"):
		return Distroless
	case d.ID == "alpine" && t.family != "alpine" && t.slim:
		return AlpineSlim
	case d.ID == "alpine" && t.family != "alpine":
		return Alpine
	case t.slim:
		return Slim
	}
	return Default
}

// libc is the C library of an image, as far as its name and tag say.
func libc(i Image) Libc {
	switch {
	case i.Family == "distroless/static":
		return NoLibc
	case i.Family == "busybox":
		switch i.Flavor {
		case "musl":
			return Musl
		case "glibc":
			return Glibc
		}
		return ""
	case i.Distribution.ID == "alpine":
		return Musl
	case i.Distribution.ID == "windows":
		return ""
	case i.Distribution.ID != "":
		return Glibc
	case i.Tag != "" && glibcByDefault(i.Family):
		return Glibc
	}
	return ""
}
