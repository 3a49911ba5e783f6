import Storage

/// Kaggle's limits on datasets, and the policy's own on the size.
///
/// Sources: the kaggle command 2.2.5 checks lengths before an upload (`dataset_create_new`); 200 GB and 50
/// files at the top level are Kaggle's public statements of 2024 (product announcement 512322).
enum KaggleRules {
    static let maximumSize = 200_000_000_000
    static let maximumTopLevel = 50
    static let slugLength = 6...50
    static let titleLength = 6...50
    static let subtitleLength = 20...80

    static func findings(_ manifest: Manifest, _ plan: Plan) -> [Diagnostic] {
        let location = Diagnostic.Location(file: manifest.path)
        return (metadata(manifest.bundle) + sizes(plan, manifest.policy) + layout(plan))
            .map { $0.located(at: location) }
    }

    private static func metadata(_ bundle: BundleSettings) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        func length(_ text: String, _ range: ClosedRange<Int>, _ key: String) {
            let count = text.unicodeScalars.count
            guard !range.contains(count) else { return }
            findings.append(
                Diagnostic(
                    code: "kaggle-\(key)-length",
                    "the bundle's \(key) has \(count) characters, and Kaggle takes "
                        + "\(range.lowerBound) to \(range.upperBound)",
                    fix: "change \(key) in [bundle]"))
        }
        length(bundle.name, slugLength, "name")
        length(bundle.title, titleLength, "title")
        if let subtitle = bundle.subtitle, !subtitle.isEmpty { length(subtitle, subtitleLength, "subtitle") }
        if bundle.title.contains("_") {
            findings.append(
                Diagnostic(
                    .warning, code: "kaggle-title-underscore",
                    "the bundle's title has an underscore, which Kaggle has refused (kaggle-cli#366)",
                    fix: "write a space or a hyphen"))
        }
        return findings
    }

    private static func sizes(_ plan: Plan, _ policy: Policy) -> [Diagnostic] {
        var findings: [Diagnostic] = []
        let size = ByteCount.text(plan.size)
        let remedy = "leave files out with exclude, or split the bundle"
        if plan.size > maximumSize {
            findings.append(
                Diagnostic(
                    code: "kaggle-size",
                    "the bundle has \(size), and Kaggle takes \(ByteCount.text(maximumSize)) a dataset",
                    fix: remedy))
        } else if plan.size > maximumSize / 10 * 9 {
            findings.append(
                Diagnostic(
                    .warning, code: "kaggle-size",
                    "the bundle has \(size), more than 90 % of Kaggle's \(ByteCount.text(maximumSize))",
                    fix: remedy))
        }
        if let limit = policy.maximumSize, plan.size > limit {
            findings.append(
                Diagnostic(
                    code: "max-size",
                    "the bundle has \(size), and the policy's max-size is \(ByteCount.text(limit))",
                    fix: remedy))
        }
        return findings
    }

    private static func layout(_ plan: Plan) -> [Diagnostic] {
        let folders = Set(plan.stored.compactMap { Path.parts($0.path).first })
        let count = folders.count + BundlePath.generated.count
        guard count > maximumTopLevel else { return [] }
        return [
            Diagnostic(
                code: "kaggle-top-level",
                "the bundle has \(count) entries at its top level, and Kaggle takes \(maximumTopLevel)")
        ]
    }
}
