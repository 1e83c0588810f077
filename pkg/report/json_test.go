package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// saved are reports as the command wrote them; every output format is tested with them.
func saved(t *testing.T) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatal("no saved reports", err)
	}
	out := map[string][]byte{}
	for _, name := range names {
		if out[name], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestASavedReportIsReadAndWrittenAsTheSameBytes(t *testing.T) {
	for name, text := range saved(t) {
		r, err := Read(bytes.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var again bytes.Buffer
		if err := Write(&again, r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(text), again.String()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestSavedReportsFollowTheSchema(t *testing.T) {
	for name, text := range saved(t) {
		if err := validate(t, JSONSchema, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTheSchemaRefusesWhatIsNoReport(t *testing.T) {
	text := string(saved(t)[filepath.Join("testdata", "grown.json")])
	for _, change := range [][2]string{
		{`"schema": "loadline.report/v1"`, `"schema": 1`},
		{`"status": "changed"`, `"status": "better"`},
		{`"bytes": `, `"byte": `},
		{`"gate": {`, `"gaet": {`},
		{`"passed": false`, `"passed": null`},
	} {
		if !strings.Contains(text, change[0]) {
			t.Fatalf("the report holds no %s", change[0])
		}
		if err := validate(t, JSONSchema, []byte(strings.ReplaceAll(text, change[0], change[1]))); err == nil {
			t.Errorf("the schema allows %s", change[1])
		}
	}
}

func TestUploadsFollowTheirSchema(t *testing.T) {
	var buf bytes.Buffer
	u := &UploadReport{Schema: UploadSchema, Transfers: []UploadTransfer{{Name: "context", Entries: []UploadEntry{{Path: "a", Size: 1}}}}}
	if err := WriteUpload(&buf, u); err != nil {
		t.Fatal(err)
	}
	if err := validate(t, UploadJSONSchema, buf.Bytes()); err != nil {
		t.Error(err)
	}
	if err := validate(t, UploadJSONSchema, []byte(`{"schema":"loadline.upload/v1"}`)); err == nil {
		t.Error("the schema allows an upload without a size")
	}
}

func TestReadRefusesWhatItCannotTrust(t *testing.T) {
	tests := map[string]struct{ text, want string }{
		"nothing":                  {"", "EOF"},
		"no JSON":                  {"report", "invalid character"},
		"another schema":           {`{"schema":"loadline.report/v2"}`, `its schema is "loadline.report/v2"`},
		"no schema":                {`{}`, `its schema is ""`},
		"unknown field":            {`{"schema":"loadline.report/v1","sum":1}`, `unknown field "sum"`},
		"two reports":              {`{"schema":"loadline.report/v1"}{}`, "something follows it"},
		"wrong type":               {`{"schema":"loadline.report/v1","builds":{}}`, "cannot unmarshal"},
		"a command for a severity": {`{"schema":"loadline.report/v1","findings":[{"rule":"x","state":"new","severity":"add-mask"}]}`, `"add-mask" is no severity`},
		"no severity":              {`{"schema":"loadline.report/v1","suppressed":[{"rule":"x","state":"new","severity":"none"}]}`, `"none" is no severity`},
		"another state":            {`{"schema":"loadline.report/v1","findings":[{"rule":"x","state":"","severity":"error"}]}`, `"" is no state`},
		"a sentence for a rule":    {`{"schema":"loadline.report/v1","findings":[{"rule":"x y","state":"new","severity":"error"}]}`, `"x y" is no rule`},
		"the same in the gate":     {`{"schema":"loadline.report/v1","gate":{"failures":[{"rule":"a b"}]}}`, `"a b" is no rule`},
		"the same in an override":  {`{"schema":"loadline.report/v1","gate":{"override":{"failures":[{"rule":"@x"}]}}}`, `"@x" is no rule`},
		"the same in what is left": {`{"schema":"loadline.report/v1","skipped":[{"rule":"X"}]}`, `"X" is no rule`},
		"another status":           {`{"schema":"loadline.report/v1","builds":[{"name":"a","status":"best"}]}`, `build a: "best" is no status`},
		"changed without sizes":    {`{"schema":"loadline.report/v1","builds":[{"name":"a","status":"changed"}]}`, "it is changed and lacks a size"},
		"a negative size":          {`{"schema":"loadline.report/v1","upload":{"head":{"bytes":-1}}}`, "a size is negative"},
		"a negative path":          {`{"schema":"loadline.report/v1","builds":[{"status":"added","changed":[{"head":-1}]}]}`, "a size is negative"},
		"a branch for a commit":    {`{"schema":"loadline.report/v1","head":{"commit":"main"}}`, `"main" is no commit`},
		"a negative uplink":        {`{"schema":"loadline.report/v1","uplink":-1}`, "the uplink or the floor is negative"},
		"too much":                 {strings.Repeat(" ", MaxSaved+1), "it holds more than"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Read(strings.NewReader(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want %s", err, test.want)
			}
		})
	}
}

func TestAMinimalReportHasListsAndNoNulls(t *testing.T) {
	r, err := Read(strings.NewReader(`{"schema":"loadline.report/v1"}`))
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := Write(&buf, r); err != nil {
		t.Fatal(err)
	}
	if err := validate(t, JSONSchema, buf.Bytes()); err != nil {
		t.Error(err)
	}
}

func TestPathsThatAreNoUTF8StayTellableApart(t *testing.T) {
	r := &Report{Builds: []Build{{Changed: []Change{{Path: "a\xff"}, {Path: "a\xfe"}}}}}
	r.Normalize()
	if got := []string{r.Builds[0].Changed[0].Path, r.Builds[0].Changed[1].Path}; !cmp.Equal(got, []string{`a\xff`, `a\xfe`}) {
		t.Errorf("got %q", got)
	}
}

func TestJSONHoldsNoWorkflowCommand(t *testing.T) {
	var buf bytes.Buffer
	if err := Write(&buf, &Report{Notices: []string{"##[error]x"}}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(buf.String(), "##[") {
		t.Error("the runner would take a part of it for a command")
	}
	r, err := Read(&buf)
	if err != nil || r.Notices[0] != "##[error]x" {
		t.Errorf("read back as %+v, %v", r, err)
	}
}

// FuzzRead holds that no saved report makes the reader panic, and that what it accepts is a report by the schema.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"schema":"loadline.report/v1"}`))
	f.Add([]byte(`{"schema":"loadline.report/v1","builds":[{"changed":[{"path":"\ud800"}]}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Read(bytes.NewReader(text))
		if err != nil {
			return
		}
		var first, second bytes.Buffer
		if err := Write(&first, r); err != nil {
			t.Fatal(err)
		}
		again, err := Read(bytes.NewReader(first.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if err := Write(&second, again); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first.String(), second.String()); diff != "" {
			t.Error(diff)
		}
		_, _, _, _ = r.Verdict(), r.Against(), r.Largest(), r.AllAssumptions()
	})
}
