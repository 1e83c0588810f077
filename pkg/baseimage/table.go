package baseimage

import (
	"embed"
	"slices"
	"strings"
	"time"
)

// data holds the generated tables (pkg/baseimage/generate).
//
//go:embed data
var data embed.FS

// tagTable is which tags of a family name one image, for linux/amd64.
type tagTable struct {
	groups []tagGroup
	byTag  map[string]int
}

// tagGroup are tags of one image. gone is the day on which they were taken out of the list of those that are built;
// the zero value where they are there.
type tagGroup struct {
	tags []string
	gone time.Time
}

// readTags reads the table of a family; nil where there is none.
func readTags(name string) *tagTable {
	text, err := data.ReadFile("data/tags/" + name + ".txt")
	if err != nil {
		return nil
	}
	t := &tagTable{byTag: map[string]int{}}
	for line := range records(string(text)) {
		fields := strings.Fields(line)
		g := tagGroup{gone: day(fields[0]), tags: fields[1:]}
		for _, tag := range g.tags {
			t.byTag[tag] = len(t.groups)
		}
		t.groups = append(t.groups, g)
	}
	return t
}

// group is the group of a tag; nil where the table does not have the tag.
func (t *tagTable) group(tag string) *tagGroup {
	if t == nil {
		return nil
	}
	n, ok := t.byTag[tag]
	if !ok {
		return nil
	}
	return &t.groups[n]
}

// records are the lines of a table without comments.
func records(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line == "" || line[0] == '#' {
				continue
			}
			if !yield(line) {
				return
			}
		}
	}
}

// day reads a day of a table; "-" is the zero value.
func day(text string) time.Time {
	d, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}
	}
	return d
}

// tables are those that are read once and kept.
type tables struct {
	tags       map[string]*tagTable
	sizes      map[string][]figure
	lifecycles map[string][]lifecycle
	packages   map[packageKey]string
}

// figure is one observed size of an image.
type figure struct {
	tag, digest string
	low, high   int64
	date        time.Time
	source      string
}

// lifecycle is when a release gets no more fixes; end is the zero value where no day is stated.
type lifecycle struct {
	cycle, source string
	end           time.Time
}

// readLifecycles reads the days on which releases end, by product.
func readLifecycles() map[string][]lifecycle {
	text, err := data.ReadFile("data/lifecycles.txt")
	if err != nil {
		panic("baseimage: " + err.Error()) // it is part of the program
	}
	out := map[string][]lifecycle{}
	for line := range records(string(text)) {
		f := strings.Fields(line)
		out[f[0]] = append(out[f[0]], lifecycle{cycle: f[1], end: day(f[2]), source: f[3]})
	}
	return out
}

// tableName is the name of the table that an image's tags are in; empty for none.
func tableName(i Image) string {
	if strings.Contains(i.Repository, "/nightly/") {
		return ""
	}
	return strings.ReplaceAll(i.Family, "/", "-")
}

// aliases are the tags that name the same image as img, img's own among them; nil where that is not known.
func (f *Facts) aliases(img Image) *tagGroup {
	if img.Family == "" || img.Tag == "" {
		return nil
	}
	return f.tags(img).group(img.Tag)
}

// tags is the table of an image's family; nil where there is none.
func (f *Facts) tags(img Image) *tagTable {
	name := tableName(img)
	if name == "" {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	t, ok := f.read.tags[name]
	if !ok {
		if f.read.tags == nil {
			f.read.tags = map[string]*tagTable{}
		}
		t = readTags(name)
		f.read.tags[name] = t
	}
	return t
}

// complete fills in what other tags of the same image say.
func (f *Facts) complete(img Image) Image {
	g := f.aliases(img)
	if g == nil {
		return img
	}
	named := img.Version
	for _, tag := range g.tags {
		other := img.WithTag(tag)
		if img.Distribution.Release == "" && other.Distribution.Release != "" &&
			(img.Distribution.ID == "" || img.Distribution.ID == other.Distribution.ID) {
			img.Distribution = other.Distribution
		}
		if img.Distribution.ID == "" {
			img.Distribution = other.Distribution
		}
		if named == "" && len(other.Version) > len(img.Version) && !snapshotWord.MatchString(other.Version) {
			img.Version = other.Version
		}
		if img.Java == "" {
			img.Java = other.Java
		}
	}
	if img.Libc == "" {
		img.Libc = libc(img)
	}
	return img
}

// line is how many numbers of a version make a line of releases that is kept up together.
func line(family, version string) string {
	numbers := strings.FieldsFunc(version, func(r rune) bool { return r == '.' || r == 'u' || r == '-' || r == '_' || r == '+' })
	depth := 2
	if slices.Contains([]string{
		"amazoncorretto", "amazonlinux", "almalinux", "azul-zulu", "centos", "debian", "eclipse-temurin", "erlang", "fedora",
		"gcc", "ibm-semeru-runtimes", "node", "openjdk", "oraclelinux", "postgres", "rockylinux", "rust", "sapmachine",
	}, family) {
		depth = 1
	}
	if len(numbers) < depth {
		return ""
	}
	return strings.Join(numbers[:depth], ".")
}
