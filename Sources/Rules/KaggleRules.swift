import Formats
import Manifests

/// Kaggle's limits on datasets and models, and the policy's own on the size.
///
/// Sources: the kaggle command 2.2.5 checks lengths before it uploads a dataset (`dataset_create_new`), and of a
/// model's slugs only the letters, which the manifest's own form allows already (`_validate_slug_syntax`).
/// 200 GB and 50 files at the top level are Kaggle's public statements of 2024 on datasets (product announcement
/// 512322); for models none is known, so that there the same numbers are warnings.
enum KaggleRules {
    /// The most bytes of a dataset: 200 GB.
    static let maximumSize = 200_000_000_000
    /// The most files and folders at the top level of a dataset.
    static let maximumTopLevel = 50
    /// How many characters the slug of a dataset may have.
    private static let slugLength = TextRule.datasetSlugLength
    /// How many characters the title of a dataset may have.
    private static let titleLength = 6...50
    /// How many characters the subtitle of a dataset may have.
    private static let subtitleLength = 20...80
    /// The most bytes of an object's name in Google Cloud Storage, where uploads go.
    static let maximumPathLength = 1024

    /// What Kaggle would not take of a bundle, or would change without a word.
    static func findings(_ manifest: Manifest, _ plan: Plan) -> [Diagnostic] {
        metadata(manifest) + sizes(plan, manifest) + layout(plan, manifest) + paths(plan, manifest)
    }

    /// Files of an entry that are in the store, because Kaggle would not keep them under their names.
    static func renamed(_ entry: LockedEntry) -> [Diagnostic] {
        let moved = entry.files.filter { file in
            // What is at its natural path was found to survive when it was placed.
            if case .base = file.placement { return false }
            return file.placement != .natural && BundlePath.problem(entry.naturalPath(of: file)) != nil
        }
        guard let first = moved.first, let reason = BundlePath.problem(entry.naturalPath(of: first)) else {
            return []
        }
        let one = moved.count == 1
        return [
            Diagnostic(
                code: .kaggleRenamed,
                "\(entry.name): \(one ? "a file is stored" : "\(moved.count) files are stored") in \(BundlePath.store)/, as "
                    + "\(one ? "its name" : "their names") would not survive the upload",
                notes: ["\(first.path): \(reason)"] + moved.dropFirst().prefix(4).map(\.path.text)
                    + (moved.count > 5 ? ["…"] : [])
                    + [
                        "the loader gives \(one ? "it its name" : "them their names") back; by the path in the "
                            + "bundle \(one ? "it is" : "they are") not found"
                    ])
        ]
    }

    /// What is wrong in the table `[bundle]`, which no lock is needed to see.
    static func metadata(_ manifest: Manifest) -> [Diagnostic] {
        let bundle = manifest.bundle
        var findings: [Diagnostic] = []
        func report(
            _ code: FindingCode, of key: String, _ message: String,
            fix: String
        ) {
            findings.append(
                Diagnostic(code: code, message, at: manifest.bundleLocation(of: key), fix: fix))
        }
        func length(_ text: String, _ range: ClosedRange<Int>, _ key: String, _ code: FindingCode) {
            // Python counts scalars, and so does the command.
            let count = text.unicodeScalars.count
            guard !range.contains(count) else { return }
            report(
                code, of: key,
                "the bundle's \(key) has \(Counted.text(count, "character")), and Kaggle takes "
                    + "\(range.lowerBound) to \(range.upperBound)", fix: "change \(key) in [bundle]")
        }
        if bundle.model == nil {
            length(bundle.name, slugLength, "name", .kaggleNameLength)
            length(bundle.title, titleLength, "title", .kaggleTitleLength)
            if let subtitle = bundle.subtitle {
                length(subtitle, subtitleLength, "subtitle", .kaggleSubtitleLength)
            }
        }
        if bundle.title.contains("_") {
            report(
                .kaggleTitleUnderscore, of: "title",
                "the bundle's title has an underscore, which Kaggle has refused (kaggle-cli#366)",
                fix: "write a space or a hyphen")
        }
        if bundle.title == "INSERT_TITLE_HERE" {
            report(
                .kagglePlaceholder, of: "title",
                "the bundle's title is that of the kaggle command's template",
                fix: "write a title of your own")
        }
        if bundle.license == "unknown" {
            report(
                .kaggleLicenseUnknown, of: "license",
                "the bundle's licence is \"unknown\", which rules that ask for an open licence do not accept",
                fix: "write license = \"other\": the bundle's README names every model's own licence")
        }
        findings += keywords(manifest)
        return findings
    }

    /// Keywords that Kaggle drops, of which it reports only after the upload (`invalidTags`).
    private static func keywords(_ manifest: Manifest) -> [Diagnostic] {
        var seen: Set<ExactName> = []
        return manifest.bundle.keywords.compactMap { keyword in
            let problem: String
            if !seen.insert(ExactName(keyword)).inserted {
                problem = "occurs twice"
            } else if keyword.contains(",") {
                problem = "has a comma: each keyword is one string"
            } else if keyword != keyword.lowercased() || keyword.first == " " || keyword.last == " " {
                problem = "is not a tag of Kaggle's, which are lowercase without spaces around them"
            } else {
                return nil
            }
            return Diagnostic(
                code: .kaggleKeywords, "the keyword \"\(keyword)\" \(problem)",
                at: manifest.bundleLocation(of: "keywords"),
                fix: "take tags that kaggle.com/tags lists; others are left out without an error")
        }
    }

    private static func sizes(_ plan: Plan, _ manifest: Manifest) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        let size = ByteCount.text(plan.size)
        let remedy = "leave files out with exclude, or split the bundle"
        let isModel = manifest.bundle.model != nil
        let location = manifest.bundleLocation(of: "")
        if plan.size > maximumSize {
            findings.append(
                Diagnostic(
                    isModel ? .warning : .error, code: .kaggleSize,
                    "the bundle has \(size), and Kaggle takes \(ByteCount.text(maximumSize)) for a dataset",
                    at: location, notes: isModel ? ["for models it has published no limit"] : [], fix: remedy)
            )
        } else if plan.size > maximumSize / 10 * 9 {
            findings.append(
                Diagnostic(
                    .warning, code: .kaggleSize,
                    "the bundle has \(size), more than 90 % of the \(ByteCount.text(maximumSize)) that Kaggle takes "
                        + "a dataset", at: location, fix: remedy))
        }
        if let limit = manifest.policy.maximumSize, plan.size > limit {
            findings.append(
                Diagnostic(
                    code: .maxSize,
                    "the bundle has \(size), and the policy's max-size is \(ByteCount.text(limit))",
                    at: manifest.policy.location(of: "max-size"), fix: remedy))
        }
        return findings
    }

    private static func layout(_ plan: Plan, _ manifest: Manifest) -> [Diagnostic] {
        let folders = Set(exactly: plan.stored.compactMap { $0.path.components.first })
        let count = folders.count + BundlePath.generated(plan.lock.bundle).count
        guard count > maximumTopLevel else { return [] }
        return [
            Diagnostic(
                manifest.bundle.model == nil ? .error : .warning, code: .kaggleTopLevel,
                "the bundle has \(Counted.text(count, "entry")) at its top level, and Kaggle takes \(maximumTopLevel)",
                at: manifest.bundleLocation(of: ""))
        ]
    }

    private static func paths(_ plan: Plan, _ manifest: Manifest) -> [Diagnostic] {
        plan.stored.filter { $0.path.utf8.count > maximumPathLength }.prefix(5).map { file in
            Diagnostic(
                code: .kagglePathLength,
                "\(file.entry): \(file.file.text.prefix(60))… has a path of \(file.path.utf8.count) bytes in the bundle, "
                    + "and uploads take \(maximumPathLength)",
                at: manifest.entries.first { $0.name == file.entry }?.location,
                fix: "leave the file out with exclude")
        }
    }
}
