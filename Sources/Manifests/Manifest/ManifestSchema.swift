import Conversion
import Tensors
import Tokenizers

/// What a manifest may hold: the one definition that checks, suggestions and the JSON Schema are made from.
package enum ManifestSchema {
    /// The schema that this Knapsack reads, the value of the key `schema`.
    package static let version = 1

    /// A table of the manifest.
    package struct Table {
        /// The name in the header; empty for what stands above the first table.
        package let name: String
        /// The entries' kind for `[[name]]`, `nil` for the tables that there is one of.
        package let kind: Entry.Kind?
        /// Whether a manifest must have it.
        var isRequired = false
        /// One sentence for the JSON Schema.
        package let summary: String
        /// What it may hold.
        package let keys: [Key]
        /// The ways to write it, of which one has to be taken; none if there is only one.
        var forms: [Form] = []
        /// A key whose value decides which of the others there may be; `nil` where none does.
        var variants: Variants?

        /// The header as it is written.
        package var header: String {
            name.isEmpty ? "the manifest" : kind == nil ? "[\(name)]" : "[[\(name)]]"
        }
    }

    /// One of several ways to write a table, told by a key that the others do not have.
    package struct Form {
        /// The key by which it is known.
        package let key: String
        /// Keys that only this form has.
        package var own: [String] = []
        /// Keys of its own of which at least one has to be there; empty where none has to.
        var needsOneOf: [String] = []
        /// Two keys of which only one may be there.
        var exclusive: (String, String)?
        /// Keys that need another one.
        var dependent: [(key: String, needs: String)] = []
        /// What the form is, to be read after "an entry".
        package let words: String
    }

    /// What the value of one key means for the others.
    struct Variants {
        /// The key that decides.
        let key: String
        /// What there is to choose from, the one that is meant where the key is missing first.
        let cases: [Variant]
    }

    /// One value of a key that decides on others.
    struct Variant {
        /// The value.
        let value: String
        /// Keys that only this one has.
        var own: [String] = []
        /// Keys that it needs.
        var required: [String] = []
        /// A key that takes other values with it.
        var choices: (key: String, values: [String])?
    }

    /// A key of a table.
    package struct Key {
        /// The name.
        package let name: String
        /// What it takes.
        package let type: ValueType
        /// Whether the table must have it.
        var isRequired = false
        /// What is meant where the table does not have it, if that can be said in one value.
        var defaultText: String?
        /// What to write where no allowed value fits.
        package var hint: String?
        /// One sentence for the JSON Schema.
        package let summary: String
    }

    /// What a key takes.
    package enum ValueType {
        /// The manifest's schema.
        case version
        /// A string.
        case text(TextRule)
        /// One of a few strings.
        case choice([String])
        /// A list of strings.
        case list(TextRule, mayBeEmpty: Bool)
        /// A list of strings that is not empty, or the path of a text file with one on each line.
        case listOrPath(TextRule)
        /// A number of bytes, or a string such as "200 GB".
        case size
        /// A whole number from 1.
        case count
        /// A number of bits with at most three decimals.
        case bits
        /// A part of 1 with at most three decimals, or a pattern.
        case sparsity
        /// A day.
        case date
        /// True or false.
        case flag

        /// The type for "must be …".
        var name: String {
            switch self {
            case .version: "an integer"
            case .text, .choice: "a string"
            case .list: "a list of strings"
            case .listOrPath: "a list of strings or a path"
            case .size: "a string such as \"200 GB\" or an integer of bytes"
            case .count: "an integer"
            case .bits: "a number"
            case .sparsity: "a number or a string"
            case .date: "a date without quotes"
            case .flag: "true or false, without quotes"
            }
        }

        /// What is taken, in words.
        var allowed: String {
            switch self {
            case .version: "\(ManifestSchema.version)"
            case .text(let rule): rule.allowed
            case .choice(let values): values.joined(separator: ", ")
            case .list(let rule, let mayBeEmpty):
                (mayBeEmpty ? "a list of strings, each " : "a list of strings that is not empty, each ")
                    + rule.allowed
            case .listOrPath(let rule):
                "a list of strings that is not empty, each \(rule.allowed), or the path of a file of such lines"
            case .size: "a whole number of bytes from 1, or a size in B, kB, MB, GB, TB, KiB, MiB, GiB or TiB"
            case .count: "a whole number from 1"
            case .bits: "a number up to 64 such as 4.25, with at most three decimals"
            case .sparsity: "0.001 to 0.999 with at most three decimals, \"2:4\", \"4:8\""
            case .date: "a day such as 2026-10-01"
            case .flag: "true, false"
            }
        }
    }

    /// Kaggle's names for dataset licences, as its command-line client checks them.
    static let kaggleLicenses = [
        "CC0-1.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", "GPL-2.0", "ODbL-1.0", "DbCL-1.0",
        "copyright-authors", "other", "unknown", "CC-BY-4.0", "CC-BY-NC-4.0", "PDDL", "CC-BY-3.0",
        "CC-BY-3.0-IGO", "US-Government-Works", "CC-BY-NC-SA-3.0-IGO", "CDLA-Permissive-1.0",
        "CDLA-Sharing-1.0", "CC-BY-ND-4.0", "CC-BY-NC-ND-4.0", "ODC-BY-1.0", "LGPL-3.0", "AGPL-3.0",
        "FDL-1.3",
        "EU-ODP-Legal-Notice", "apache-2.0", "GPL-3.0",
    ]

    /// Kaggle's names for licences of models (kaggle-cli, docs/models_metadata.md).
    static let kaggleModelLicenses = [
        "Apache 2.0", "Attribution 3.0 IGO (CC BY 3.0 IGO)", "Attribution 3.0 Unported (CC BY 3.0)",
        "Attribution 4.0 International (CC BY 4.0)",
        "Attribution-NoDerivatives 4.0 International (CC BY-ND 4.0)",
        "Attribution-NonCommercial 4.0 International (CC BY-NC 4.0)",
        "Attribution-NonCommercial-NoDerivatives 4.0 International (CC BY-NC-ND 4.0)",
        "Attribution-NonCommercial-ShareAlike 3.0 IGO (CC BY-NC-SA 3.0 IGO)", "BSD-3-Clause",
        "CC BY-NC-SA 4.0", "CC BY-SA 3.0", "CC BY-SA 4.0", "CC0: Public Domain",
        "Community Data License Agreement - Permissive - Version 1.0",
        "Community Data License Agreement - Sharing - Version 1.0",
        "GNU Affero General Public License 3.0", "GNU Free Documentation License 1.3",
        "GNU Lesser General Public License 3.0", "GPL 2", "MIT", "ODC Attribution License (ODC-By)",
        "ODC Public Domain Dedication and Licence (PDDL)", "GPL 3",
    ]

    /// Kaggle's names for the frameworks of models, as handles have them (kagglesdk 0.1.38, `ModelFramework`).
    static let kaggleFrameworks = [
        "api", "coral", "flax", "gemmaCpp", "ggml", "gguf", "jax", "keras", "maxText", "mxnet", "onnx",
        "other", "pax", "pyTorch", "scikitLearn", "tensorFlow1", "tensorFlow2", "tensorRtLlm", "tfJs",
        "tfLite", "transformers", "triton", "vllm",
    ]

    /// The bundle's kinds.
    static let datasetKind = "dataset"
    /// The kind of a bundle that is uploaded as a variation of a Kaggle model.
    static let modelKind = "model"

    /// The keys above the first table.
    static let rootKeys = [
        Key(
            name: "schema", type: .version, isRequired: true,
            summary: "The version of the manifest's form; this Knapsack reads version \(version).")
    ]

    /// The tables.
    static let tables = [bundle, policy] + Entry.Kind.allCases.map(entry)

    /// The table `[bundle]`.
    package static let bundle = Table(
        name: "bundle", kind: nil, isRequired: true,
        summary: "What the bundle is called and how it is laid out.",
        keys: [
            Key(
                name: "kind", type: .choice([datasetKind, modelKind]), defaultText: datasetKind,
                summary: "Whether the bundle becomes a dataset or a model of Kaggle's."),
            Key(
                name: "name", type: .text(.slug), isRequired: true,
                summary: "The Kaggle dataset's name in its address (its slug), or the model's."),
            Key(
                name: "owner", type: .text(.owner),
                summary: "The Kaggle account or organization that will own the dataset."),
            Key(
                name: "title", type: .text(.line),
                summary: "The title that Kaggle shows; the name if there is none."),
            Key(name: "subtitle", type: .text(.line), summary: "A line below the title."),
            Key(
                name: "license", type: .choice(kaggleLicenses + kaggleModelLicenses),
                defaultText: defaultLicense,
                hint: "write \"\(defaultLicense)\"; the bundle's README names every model's own licence",
                summary: "Kaggle's name for the dataset's licence, or for the model's."),
            Key(
                name: "keywords", type: .list(.line, mayBeEmpty: true),
                summary: "Kaggle's tags for the dataset."),
            Key(
                name: "dedup", type: .choice(BundleSettings.Deduplication.allCases.map(\.rawValue)),
                defaultText: BundleSettings.Deduplication.tensor.rawValue,
                summary:
                    "What is stored once: nothing (none), equal files (file), or equal files and tensors."),
            Key(
                name: "base", type: .list(.base, mayBeEmpty: false),
                summary:
                    "Bundles to build on, by their locks or as kaggle-dataset:owner/name: what they have is not stored again."
            ),
            Key(
                name: "fit", type: .size,
                summary:
                    "The most bytes that the files of all entries with gguf = \"fit\" and no budget of their own "
                    + "have together."),
            Key(
                name: "framework", type: .choice(kaggleFrameworks),
                summary: "The framework of a Kaggle model, as in its handle."),
            Key(
                name: "variation", type: .text(.entryName),
                summary: "The variation of a Kaggle model, as in its handle."),
            Key(
                name: "base-model", type: .text(.line),
                summary: "What a Kaggle model was made from: owner/model/framework/variation, or an address."),
        ],
        variants: Variants(
            key: "kind",
            cases: [
                Variant(value: datasetKind, own: ["keywords"], choices: ("license", kaggleLicenses)),
                Variant(
                    value: modelKind, own: ["framework", "variation", "base-model"],
                    required: ["framework", "variation", "license"],
                    choices: ("license", kaggleModelLicenses)),
            ]))

    /// Kaggle shows "other" as "specified in description": right for a bundle of several models, whose
    /// README has their licences. "unknown" would say that nobody looked.
    static let defaultLicense = "other"

    /// The table `[policy]`.
    package static let policy = Table(
        name: "policy", kind: nil, summary: "The competition's rules, checked from the lock alone.",
        keys: [
            Key(
                name: "preset", type: .choice(PolicyPreset.allCases.map(\.rawValue)),
                summary:
                    "The licences that agree with the kind that a competition asks of what wins; `licenses` adds to them."
            ),
            Key(
                name: "licenses", type: .list(.license, mayBeEmpty: false),
                summary:
                    "The licences that entries may have: SPDX identifiers, the Hub's names, families such as "
                    + "llama or cc-by; case does not matter."),
            Key(
                name: "released-before", type: .date,
                summary: "The day before which models and data sets must have been released."),
            Key(
                name: "allowed-revisions", type: .listOrPath(.revision),
                summary: "The repositories and commits that models may come from, such as org/name@commit."),
            Key(
                name: "remote-code", type: .choice(Policy.Rule.allCases.map(\.rawValue)),
                summary:
                    "Whether models may bring Python code along; a warning is the default."
            ),
            Key(
                name: "unsafe-templates", type: .choice(Policy.Rule.allCases.map(\.rawValue)),
                defaultText: Policy.Rule.deny.rawValue,
                summary:
                    "Whether chat templates may use what the sandbox of transformers denies them."
            ),
            Key(
                name: "max-size", type: .size,
                summary: "The most bytes that the bundle may hold, such as \"200 GB\"."),
            Key(
                name: "max-entry-size", type: .size,
                summary: "The most bytes that the files of one entry may have, such as \"20 GB\"."),
            Key(
                name: "proof", type: .choice(Policy.Proof.allCases.map(\.rawValue)),
                summary: "Whether every file must be proved by a digest that its cache knows."),
            Key(
                name: "pickle", type: .choice(Policy.Pickle.allCases.map(\.rawValue)),
                defaultText: Policy.Pickle.deny.rawValue,
                summary:
                    "Whether files may hold pickles, which can execute any code when they are loaded: none (deny), "
                    + "those that only build data (scan), or all (allow)."),
            Key(
                name: "adapter-max-rank", type: .count,
                summary: "The greatest rank that a LoRA adapter's matrices may have."),
            Key(
                name: "adapter-bases", type: .list(.line, mayBeEmpty: false),
                summary: "The models that adapters may be for, such as org/name or a Kaggle handle."),
            Key(
                name: "adapter-targets", type: .list(.line, mayBeEmpty: false),
                summary: "The modules that adapters may change, such as q_proj."),
            acceleratorKey("What the notebook will run on: models must fit on it."),
        ])

    private static func acceleratorKey(_ summary: String) -> Key {
        Key(
            name: "accelerator", type: .choice(Accelerator.allCases.map(\.rawValue)), summary: summary)
    }

    private static func entry(_ kind: Entry.Kind) -> Table {
        let summary =
            switch kind {
            case .model: "A model."
            case .dataset: "A data set."
            case .wheels: "Python packages for an installation without internet."
            case .files: "Any files."
            }
        return Table(
            name: kind.rawValue, kind: kind, summary: summary,
            keys: [
                Key(
                    name: "name", type: .text(.entryName), isRequired: true,
                    summary: "The entry's name, unique in the manifest; its folder in the bundle."),
                Key(
                    name: "source", type: .text(.source(kind)), isRequired: kind != .model,
                    summary: "Where the files come from: "
                        + kind.schemes.map(\.form).joined(separator: ", ") + "."),
                Key(
                    name: "include", type: .list(.glob, mayBeEmpty: false),
                    summary: "Patterns of the files to take, as huggingface_hub's allow_patterns; "
                        + "all files if there is none."),
                Key(
                    name: "exclude", type: .list(.glob, mayBeEmpty: true),
                    summary: "Patterns of the files to leave out, as huggingface_hub's ignore_patterns."),
            ] + (kind == .model ? conversionKeys : kind == .wheels ? wheelKeys : []) + [
                Key(
                    name: "license", type: .text(.licenseExpression),
                    summary: "The licence, if the cache does not state it; case does not matter."),
                Key(
                    name: "pack", type: .flag, defaultText: "true",
                    summary:
                        "Whether the files are stored in the bundle; with false they are only converted from."
                ),
                Key(
                    name: "released", type: .date,
                    summary: "The day on which the model or data set was released, which no cache knows."),
                Key(
                    name: "max-size", type: .size,
                    summary: "The most bytes that the entry's files may have, such as \"20 GB\"."),
                Key(
                    name: "allow", type: .list(.findingCode, mayBeEmpty: true),
                    summary: "Codes of findings that are accepted for this entry."),
            ]
                + (kind == .model
                    ? [acceleratorKey("What this model is meant for, in place of the policy's.")] : []),
            forms: kind == .model ? modelForms : [])
    }
}
