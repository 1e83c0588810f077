package report

import "testing"

func TestSizesReadAsDockerPrintsThem(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1 kB", 1234: "1.234 kB", 999_999: "1000 kB", 1_234_567: "1.235 MB", -1500: "-1.5 kB", 5_000_000_000: "5 GB",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestDifferencesHaveTheirSignAndShare(t *testing.T) {
	tests := []struct {
		delta, base int64
		want        string
	}{
		{1500, 10_000, "+1.5 kB (+15.0 %)"}, {-1500, 10_000, "-1.5 kB (-15.0 %)"}, {0, 10, "0 B (+0.0 %)"}, {5, 0, "+5 B"},
		{1, 1_000_000, "+1 B (+<0.1 %)"}, {-1, 1_000_000, "-1 B (-<0.1 %)"}, {3000, 1000, "+3 kB (+300 %)"},
	}
	for _, test := range tests {
		if got := GrowthOf(test.delta, test.base); got != test.want {
			t.Errorf("GrowthOf(%d, %d) = %s, want %s", test.delta, test.base, got, test.want)
		}
	}
}

func TestUploadTimesAreRounded(t *testing.T) {
	tests := []struct {
		bytes, rate int64
		want        string
	}{{1, 0, ""}, {1000, 20_000_000, "less than 0.1 s"}, {2_500_000, 20_000_000, "1.0 s"}}
	for _, test := range tests {
		if got := Duration(test.bytes, test.rate); got != test.want {
			t.Errorf("Duration(%d, %d) = %s, want %s", test.bytes, test.rate, got, test.want)
		}
	}
}
