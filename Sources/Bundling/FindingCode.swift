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
            "accelerator-dtype", "Weights are of a type that the accelerator cannot compute with", .warning),
        .init(
            "accelerator-host-memory", "A file that is read whole is larger than the machine's memory",
            .warning),
        .init("accelerator-memory", "A model's weights do not fit on the accelerator"),
        .init("accelerator-quantization", "Nothing in use runs the quantization on the accelerator as meant"),
        .init("accelerator-retired", "Kaggle no longer has the accelerator", .warning),
        .init("accelerator-split", "A model fits only on several of the accelerator's devices", .warning),
        .init("accelerator-sum", "All models together are more than the accelerator holds", .note),
        .init("accelerator-tight", "A model leaves little of the accelerator's memory", .warning),
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
        .init("kaggle-keywords", "A keyword is none that Kaggle keeps", .warning),
        .init("kaggle-license-unknown", "The bundle's licence is \"unknown\"", .warning),
        .init("kaggle-name-length", "The bundle's name is shorter or longer than Kaggle takes"),
        .init("kaggle-path-length", "A path in the bundle is longer than uploads take"),
        .init("kaggle-placeholder", "The bundle's title is the one of the kaggle command's template"),
        .init("kaggle-renamed", "Files lie in the store, as their names would not survive the upload", .note),
        .init("kaggle-size", "The bundle is larger than Kaggle takes, or nearly"),
        .init("kaggle-subtitle-length", "The bundle's subtitle is shorter or longer than Kaggle takes"),
        .init("kaggle-title-length", "The bundle's title is shorter or longer than Kaggle takes"),
        .init(
            "kaggle-title-underscore", "The bundle's title has an underscore, which Kaggle has refused",
            .warning),
        .init("kaggle-top-level", "The bundle has more entries at its top level than Kaggle takes"),
        .init("lfs-pointer", "A file is a Git LFS pointer, not the content that it stands for"),
        .init("license-denied", "An entry's licence is not in the policy's list"),
        .init("license-differs", "The manifest and the model card name different licences", .warning),
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
        .init("nothing-to-unpack", "The bundle has no entry that the target restores"),
        .init("output-exists", "Something that is not a bundle has the output's name"),
        .init("pack-running", "Another Knapsack is packing the same bundle"),
        .init("proof-missing", "Nothing but Knapsack has ever hashed files of an entry"),
        .init("python-cache", "Python has written into the bundle", .warning),
        .init("ref-dangling", "A branch or tag points at a commit of which the cache has no files"),
        .init("ref-kept", "A branch or tag that is in the cache was not moved", .warning),
        .init("ref-malformed", "A branch or tag in the cache holds no commit"),
        .init("ref-moved", "A branch or tag points at a commit of which the cache has no weights or data"),
        .init("revision-ambiguous", "The revision is the beginning of several cached commits"),
        .init("revision-not-cached", "The revision is not in the cache"),
        .init("safetensors-broken", "A safetensors file cannot be read"),
        .init("scratch-size", "The loader has to put more together than a notebook has scratch for"),
        .init("shard-missing", "A shard that an index names, or that others count, is missing"),
        .init("size-mismatch", "A file does not have the size that the revision's tree gives"),
        .init("target-conflict", "Other content is in the place of what should be restored"),
        .init("target-in-bundle", "The target lies in the bundle"),
        .init("target-unusable", "The target is not a directory that can be written"),
        .init("tokenizer-missing", "A model has no tokenizer"),
        .init("tree-ignored", "The listing of a revision cannot be used", .note),
        .init("unknown-entry", "An entry is named that does not exist"),
        .init("unpack-running", "Another Knapsack is unpacking into the same directory"),
        .init("unreadable", "A file could not be read"),
        .init("usage", "The command line is not one that Knapsack knows"),
        .init(
            "version-partial", "A version is restored without the files that the manifest left out", .warning),
    ]
}
