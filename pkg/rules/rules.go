// Package rules holds all rules, one file each, and their documentation.
//
// A rule's page, doc/NAME.txtar, is its documentation and its first test; testdata/NAME has the edge cases, those in which
// it must say nothing above all. What rules share about one thing lies in files named after that thing.
package rules

import "github.com/loadline-dev/loadline/pkg/rule"

// All are all rules, by name. It is the one list: the command, the documentation, the schema of the configuration and the
// tests are derived from it.
func All() []*rule.Rule {
	return []*rule.Rule{
		&alpineVariantExists,
		&archiveBundled,
		&argumentInvalidatesLayers,
		&buildOutputUploaded,
		&buildToolsInFinalStage,
		&cacheMountHidesLayer,
		&checkoutTimeDefeatsWarmUpload,
		&compiledInFinalStage,
		&contextWiderThanNeeded,
		&dependenciesInstalledAfterCopyAll,
		&dependenciesUploaded,
		&deprecatedBase,
		&distributionBaseForOneRuntime,
		&emptyVariableUploadsWholeContext,
		&excludeFlagStillUploads,
		&fixedJobCount,
		&gitCloneInsteadOfAdd,
		&gitDirectoryUploaded,
		&gitignoredNotDockerignored,
		&ignoreFileNotUsed,
		&ignoreLineWithoutEffect,
		&ignorePatternNotRecursive,
		&ignoredFileArrivesEmpty,
		&jdkAtRunTime,
		&largeFileBundled,
		&layersUndoEachOther,
		&lfsFileBundled,
		&localFileUploaded,
		&mountUploadsWholeContext,
		&noDockerignore,
		&packageCacheNotMounted,
		&packageListsCachedApart,
		&parallelismDisabled,
		&remoteAddWithoutChecksum,
		&sdkAtRunTime,
		&secretFileUploaded,
		&serialCompression,
		&serialDownloads,
		&singleThreadedTool,
		&slimVariantExists,
		&stagesRunInSequence,
		&staticBinaryOnDistributionBase,
		&toolCacheUploaded,
		&toolchainBundled,
		&unboundedJobs,
		&unusedStageOutputCopied,
	}
}

// Names are the names of all rules, in their order.
func Names() []string {
	var out []string
	for _, r := range All() {
		out = append(out, r.Name)
	}
	return out
}

// Find is the rule of a name; nil where there is none.
func Find(name string) *rule.Rule {
	for _, r := range All() {
		if r.Name == name {
			return r
		}
	}
	return nil
}
