package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// withHistory are the official images whose former tags are kept too: Dockerfiles go on naming them, and the tags stay
// on Docker Hub (official-images, README, "What do you mean by 'supported'?").
var withHistory = []string{
	"alpine", "almalinux", "amazoncorretto", "amazonlinux", "bash", "buildpack-deps", "busybox", "caddy", "centos",
	"composer", "dart", "debian", "docker", "eclipse-temurin", "elixir", "erlang", "fedora", "gcc", "golang", "haproxy",
	"haskell", "httpd", "julia", "mariadb", "maven", "memcached", "mongo", "mysql", "nginx", "node",
	"openjdk", "oraclelinux", "perl", "php", "postgres", "pypy", "python", "r-base", "rabbitmq", "redis", "rockylinux",
	"ruby", "rust", "swift", "ubuntu",
}

// newestOnly are those of which the present tags are enough.
var newestOnly = []string{
	"azul-zulu", "cassandra", "clojure", "drupal", "eclipse-mosquitto", "ghost", "gradle", "groovy", "ibm-semeru-runtimes",
	"influxdb", "jetty", "joomla", "jruby", "nats", "nextcloud", "photon", "registry", "sapmachine", "solr", "telegraf",
	"tomcat", "tomee", "traefik", "varnish", "wordpress", "zookeeper",
}

// since is the day from which former tags are kept: what went before is past its time in any case.
const since = "2019-01-01"

// passing matches former tags that nobody should still use: days, previews, Windows, the names of Node.js's
// release lines, which move, and PHP for threads, of which there is one image for each of the others.
var passing = regexp.MustCompile(`(?i)20[12]\d[01]\d[0-3]\d|rc|alpha\d*$|beta|-ea|\d[ab]\d|windows|nanoserver|onbuild|preview|dev|nightly|insider|-zts` +
	`|^(?:argon|boron|carbon|dubnium|erbium|fermium|gallium|hydrogen|iron|jod|krypton)`)

// group is a set of tags for one image; day is the one on which they were taken out, empty where they are present.
type group struct {
	day  string
	tags []string
}

func writeTags(ctx context.Context, data, library, dotnet string) error {
	if library != "" {
		if err := writeOfficial(ctx, data, clone(library)); err != nil {
			return fmt.Errorf("reading official-images: %w", err)
		}
	}
	if dotnet != "" {
		if err := writeDotnet(ctx, data, clone(dotnet)); err != nil {
			return fmt.Errorf("reading dotnet-docker: %w", err)
		}
	}
	if library == "" && dotnet == "" {
		return errors.New("want -official-images or -dotnet")
	}
	return nil
}

func writeOfficial(ctx context.Context, data string, c clone) error {
	head, err := c.head(ctx)
	if err != nil {
		return err
	}
	names, err := c.names(ctx)
	if err != nil {
		return err
	}
	if err := write(data, "official.txt", strings.Join(names, "\n")+"\n"); err != nil {
		return err
	}
	for _, name := range slices.Concat(withHistory, newestOnly) {
		groups, err := c.groups(ctx, name)
		if err != nil {
			return err
		}
		if !slices.Contains(withHistory, name) {
			groups = slices.DeleteFunc(groups, func(g group) bool { return g.day != "" })
		}
		if err := write(data, "tags/"+name+".txt", table(name, "docker-library/official-images "+head, groups)); err != nil {
			return err
		}
	}
	return nil
}

// names lists all images that were ever official.
func (c clone) names(ctx context.Context) ([]string, error) {
	out, err := c.git(ctx, "log", "--diff-filter=A", "--name-only", "--format=", "--", "library/")
	if err != nil {
		return nil, err
	}
	var names []string
	for line := range strings.Lines(out) {
		name, ok := strings.CutPrefix(strings.TrimSpace(line), "library/")
		if ok && name != "MAINTAINERS" && !strings.Contains(name, "/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// groups follows a library file through its history: the tags that are there, and for each that was there once the day
// on which it went and the tags beside which it stood.
func (c clone) groups(ctx context.Context, name string) ([]group, error) {
	log, err := c.git(ctx, "log", "--reverse", "--format=%H %cs", "--", "library/"+name)
	if err != nil {
		return nil, err
	}
	gone, present := map[string]group{}, map[string][]string{}
	for line := range strings.Lines(log) {
		commit, day, _ := strings.Cut(strings.TrimSpace(line), " ")
		text, err := c.git(ctx, "cat-file", "blob", commit+":library/"+name)
		if err != nil {
			text = "" // the file was taken away in this commit
		}
		now := map[string][]string{}
		for _, e := range parseLibrary(text) {
			for _, t := range e.tags {
				now[t] = e.tags
			}
		}
		for t, beside := range present {
			if now[t] == nil && day >= since && !passing.MatchString(t) {
				gone[t] = group{day: day, tags: beside}
			}
		}
		for t := range now {
			delete(gone, t)
		}
		present = now
	}
	return collect(gone, present), nil
}

// collect puts the tags of one image that went on one day into one group.
func collect(gone map[string]group, present map[string][]string) []group {
	byKey := map[string]*group{}
	add := func(day, t string, beside []string) {
		key := day + " " + strings.Join(beside, " ")
		if byKey[key] == nil {
			byKey[key] = &group{day: day}
		}
		byKey[key].tags = append(byKey[key].tags, t)
	}
	for _, t := range slices.Sorted(maps.Keys(present)) {
		add("", t, present[t])
	}
	for _, t := range slices.Sorted(maps.Keys(gone)) {
		add(gone[t].day, t, gone[t].tags)
	}
	var out []group
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		out = append(out, *byKey[key])
	}
	slices.SortFunc(out, func(a, b group) int {
		return cmp.Or(cmp.Compare(a.day, b.day), slices.Compare(a.tags, b.tags))
	})
	return out
}

// table is the file of one family.
func table(name, source string, groups []group) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Tags of %s for linux/amd64, one image a line, and the day on which they were taken out.\n", name)
	fmt.Fprintf(&b, "# %s. Generated by pkg/baseimage/generate; do not edit.\n", source)
	for _, g := range groups {
		day := g.day
		if day == "" {
			day = "-"
		}
		fmt.Fprintf(&b, "%s %s\n", day, strings.Join(g.tags, " "))
	}
	return b.String()
}
