/// What a finding's code stands for, whichever model it is about.
///
/// A new code takes one line in ``all``, which a test asks for. A finding whose code has none is reported all
/// the same: the sentence is only for lists of rules, as SARIF has one.
public struct FindingCode: Equatable, Sendable {
    /// The code, as ``Diagnostic/code`` has it.
    public let code: String
    /// How much such a finding usually weighs.
    public let severity: Diagnostic.Severity
    /// One sentence without a full stop.
    public let sentence: String

    init(_ code: String, _ sentence: String, _ severity: Diagnostic.Severity = .error) {
        self.code = code
        self.severity = severity
        self.sentence = sentence
    }

    /// What is known of a code; `nil` for one that only the commands for single models use.
    public static func named(_ code: String) -> FindingCode? { byCode[code] }

    private static let byCode = Dictionary(all.map { ($0.code, $0) }, uniquingKeysWith: { first, _ in first })

    /// Every code that lock, check, pack, verify and unpack may report, sorted.
    public static let all: [FindingCode] = [
        .init(
            "accelerator-dtype", "The weights have a type that the accelerator cannot compute with", .warning),
        .init(
            "accelerator-host-memory",
            "A file that is read into memory whole is larger than the machine's memory", .warning),
        .init("accelerator-memory", "The weights do not fit into the accelerator's memory"),
        .init(
            "accelerator-quantization",
            "The accelerator lacks what the model's quantization needs, or may lack it", .warning),
        .init("accelerator-retired", "The notebook's packages no longer support the accelerator", .warning),
        .init(
            "accelerator-split", "The weights fit only when they are split over the accelerator's devices",
            .warning),
        .init("accelerator-sum", "All models together do not fit into the accelerator's memory", .note),
        .init("accelerator-tight", "The weights leave little of the accelerator's memory", .warning),
        .init("archive-damaged", "The archive ends early or its checksums do not hold"),
        .init("archive-left", "The archive that a download was unpacked from is still in the cache", .note),
        .init("archive-refused", "The file is not an archive that Knapsack wrote"),
        .init("blob-mismatch", "A file of the cache is a link to the blob of another file"),
        .init("cache-missing", "The cache that a source names does not exist"),
        .init("card-broken", "The front matter of a model card cannot be read", .warning),
        .init("cast-no-safetensors", "There is no safetensors file to cast"),
        .init("cast-other-format", "Weights in another format than safetensors cannot be cast"),
        .init("cast-overflow", "A number is too large for the type that it is cast to"),
        .init("cast-quantized", "Weights that are quantized already cannot be cast"),
        .init("changed", "A file does not have the size or the content that the lock says"),
        .init("changed-since-download", "Files were written again after they were downloaded", .note),
        .init("config-missing", "A model has no configuration, and is not loaded without one"),
        .init("content-changed", "A file in the cache is not the one that the lock pins"),
        .init("conversion-absent", "What was converted for the lock is not on this machine"),
        .init("conversion-damaged", "What was converted before has changed on the disk", .warning),
        .init("conversion-differs", "A conversion gives other bytes than the lock says"),
        .init("conversion-running", "Another Knapsack is writing the same conversion"),
        .init("credentials", "A directory holds a file with the name of one with a token"),
        .init("directory-missing", "The directory that a path: source names cannot be read"),
        .init("disk-full", "There is not enough free space"),
        .init("download-interrupted", "A download into the cache was interrupted"),
        .init("download-partial", "Only single files of a version were downloaded", .warning),
        .init("entry-has-no-cache", "An entry comes from a source that the target cannot restore"),
        .init("extra", "The bundle holds a file that the lock does not name"),
        .init("facts-outdated", "Another Knapsack made the lock, and looked for other things in the files"),
        .init("failed", "Something failed that no other code stands for"),
        .init("file-missing", "A file that is needed is not in the cache"),
        .init("file-not-found", "A file that should be packed is not in the cache"),
        .init("folder-ignored", "A folder of the cache is not one that its client makes", .note),
        .init("gguf-no-config", "A model has no config.json to convert by"),
        .init("gguf-no-weights", "A model has no weights that can be converted"),
        .init("hash-mismatch", "A file does not match the hash that the cache keeps of it"),
        .init("imatrix-unreadable", "An importance matrix cannot be read"),
        .init("index-broken", "An index of shards cannot be read"),
        .init(
            "index-missing", "Shards have no index, and transformers does not load them without one", .warning
        ),
        .init("json-broken", "A JSON file of a model cannot be read"),
        .init("kaggle-keywords", "Kaggle does not take a keyword of the bundle", .warning),
        .init("kaggle-name-length", "The bundle's name is shorter or longer than Kaggle takes"),
        .init("kaggle-path-length", "A path in the bundle is longer than uploads take"),
        .init(
            "kaggle-renamed", "Files lie under other names, as their own would not survive the upload", .note),
        .init("kaggle-size", "The bundle is larger than Kaggle takes, or nearly"),
        .init("kaggle-subtitle-length", "The bundle's subtitle is shorter or longer than Kaggle takes"),
        .init("kaggle-title-length", "The bundle's title is shorter or longer than Kaggle takes"),
        .init(
            "kaggle-title-underscore", "The bundle's title has an underscore, which Kaggle has refused",
            .warning),
        .init("kaggle-top-level", "The bundle has more entries at its top level than Kaggle takes"),
        .init("lfs-pointer", "A file is a Git LFS pointer, not the content that it stands for"),
        .init("license-base-denied", "The licence of a model's base model is not in the policy's list"),
        .init("license-base-unknown", "A model's card names a base model that no entry has", .warning),
        .init("license-denied", "An entry's licence is not in the policy's list"),
        .init("license-differs", "The manifest and the model card name different licences", .warning),
        .init("license-name-unknown", "The policy names a licence that nobody knows", .warning),
        .init("license-unknown", "Nothing says under which licence an entry is"),
        .init("link-dangling", "A link in the cache leads to a file that is not there"),
        .init("link-escapes", "A link leads out of the cache"),
        .init("link-to-directory", "A link in the cache leads to a directory"),
        .init("lock-conflict", "The lock holds the conflict marks of a git merge"),
        .init("lock-contradicts-itself", "The lock says two things that cannot both be true"),
        .init("lock-malformed", "The lock is not one that this Knapsack can read"),
        .init("lock-missing", "The manifest has no lock"),
        .init("lock-stale", "The lock does not say what the manifest asks for"),
        .init("lock-unreadable", "The lock's file cannot be read"),
        .init("manifest-conflict", "Keys of the manifest exclude each other"),
        .init("manifest-duplicate-name", "Two entries of the manifest have one name"),
        .init("manifest-empty", "The manifest names nothing to pack"),
        .init("manifest-encoding", "The manifest is not UTF-8"),
        .init("manifest-from", "An entry cannot be made out of the one that it names"),
        .init("manifest-missing-key", "The manifest lacks a key"),
        .init("manifest-missing-table", "The manifest lacks a table"),
        .init("manifest-more", "There are more problems than are shown", .note),
        .init("manifest-schema", "The manifest is of a schema that this Knapsack does not know"),
        .init("manifest-size", "The manifest is too large"),
        .init("manifest-syntax", "The manifest is not TOML"),
        .init("manifest-type", "A value of the manifest has the wrong type"),
        .init("manifest-unknown-key", "The manifest has a key that does not exist"),
        .init("manifest-unreadable", "The manifest cannot be read"),
        .init("manifest-value", "A value of the manifest is not one that its key takes"),
        .init("max-entry-size", "The files of an entry are larger than the policy or the entry allows"),
        .init("max-size", "The bundle is larger than the policy allows"),
        .init("metadata-missing", "The bundle lacks the metadata that Kaggle takes out of a dataset", .note),
        .init("missing", "A file that the lock names is missing"),
        .init("name-refused", "A file has a name that no bundle can hold"),
        .init(
            "newer-incomplete", "A newer version than the one taken is in the cache, but not complete",
            .warning),
        .init("no-exist-stale", "The cache says both that a file exists and that it does not", .warning),
        .init("no-files", "No file of an entry is left to pack"),
        .init("no-home", "Nobody says where Knapsack may keep what it remembers"),
        .init("no-source", "An entry has no source"),
        .init("not-a-bundle", "The directory or archive is not a bundle"),
        .init("not-a-file", "Something is in the place of a file that is none"),
        .init("not-cached", "A model or dataset is not in the cache"),
        .init("not-signed", "A bundle is not what its lock says, and was not signed"),
        .init("nothing-to-unpack", "The bundle has no entry that the target restores"),
        .init("output-exists", "Something that is not a bundle has the output's name"),
        .init("pack-running", "Another Knapsack is packing the same bundle"),
        .init("pickle-denied", "An entry holds pickles, and the policy denies them"),
        .init("pickle-refused", "Loading a pickle would do more than build data, as far as is known"),
        .init("pickle-unreadable", "What loading a pickle would do could not be made out"),
        .init("proof-missing", "Nothing but Knapsack has ever hashed files of an entry"),
        .init("python-cache", "Python has written into the bundle", .warning),
        .init("ref-dangling", "A branch or tag points at a commit of which the cache has no files"),
        .init("ref-kept", "A branch or tag that is in the cache was not moved", .warning),
        .init("ref-malformed", "A branch or tag in the cache holds no commit"),
        .init("ref-moved", "A branch or tag points at a commit of which the cache has no weights or data"),
        .init("released-late", "A model or data set was released later than the policy allows"),
        .init("released-unknown", "Nothing says when a model or data set was released"),
        .init("remote-code", "Loading a model runs code that it brings along", .warning),
        .init("remote-code-elsewhere", "A model takes code from another repository", .warning),
        .init("remote-code-file", "A model holds Python code"),
        .init("revision-ambiguous", "The revision is the beginning of several cached commits"),
        .init("revision-denied", "A revision is not one of those that the policy allows"),
        .init("revision-not-cached", "The revision is not in the cache"),
        .init("revision-unknown", "A model in a directory has no revision that could be allowed"),
        .init("revisions-malformed", "A line of the list of allowed revisions is none"),
        .init("revisions-unreadable", "The list of allowed revisions cannot be read"),
        .init("safetensors-broken", "A safetensors file cannot be read"),
        .init("scratch-size", "The loader needs more scratch than a notebook has"),
        .init("shard-missing", "A shard that an index names, or that others count, is missing"),
        .init("signature-invalid", "The signature does not hold"),
        .init("signature-key", "The signature names another key than the one that made it"),
        .init("signature-log", "Entries of a log or timestamps beside a signature are not checked", .warning),
        .init(
            "signature-order", "The signature lists its files in another order than its format demands",
            .warning),
        .init("signature-unsupported", "The signature is of a kind that is not known here"),
        .init("signed-changed", "A file is not what was signed"),
        .init("signed-missing", "A file that was signed is missing"),
        .init("size-mismatch", "A file does not have the size that the revision's tree gives"),
        .init("target-conflict", "Other content is in the place of what should be restored"),
        .init("target-in-bundle", "The target lies in the bundle"),
        .init("target-unusable", "The target is not a directory that can be written"),
        .init("template-unsafe", "A chat template does more than put messages into words"),
        .init("tokenizer-missing", "A model has no tokenizer"),
        .init("tree-ignored", "The listing of a revision cannot be used", .note),
        .init("unknown-entry", "An entry is named that does not exist"),
        .init("unpack-running", "Another Knapsack is unpacking into the same directory"),
        .init("unreadable", "A file could not be read"),
        .init("unsigned", "The bundle holds something that was not signed"),
        .init("usage", "The command line is not one that Knapsack knows"),
        .init(
            "version-partial", "A version is restored without the files that the manifest left out", .warning),
        .init("wheel-conflict", "No versions of the wheels go together"),
        .init("wheel-incompatible", "No wheel of a package fits the notebook's Python and platform"),
        .init("wheel-missing", "A package that a wheel needs is not among the wheels"),
        .init("wheel-sdist", "A source distribution has to be built where it is installed"),
        .init("wheel-undecided", "Whether the wheels go together was not found out"),
    ]
}
