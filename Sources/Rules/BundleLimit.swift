import Formats
package import Manifests
import Storage

/// A limit that `check` holds a bundle against, and how much of it the bundle takes.
package struct BundleLimit: Equatable, Sendable {
    /// What is counted.
    package enum Unit: Equatable, Sendable {
        /// Bytes.
        case bytes
        /// Files and folders.
        case entries
    }

    /// What it is a limit of, to be read as a heading.
    package let name: String
    /// Who sets it, and what it means.
    package let source: String
    /// What is counted.
    package let unit: Unit
    /// What the bundle takes.
    package let used: Int
    /// What it may take.
    package let limit: Int

    /// The limits of ``KaggleRules`` and ``ScratchRule``, and the policy's own if there is one.
    package static func all(_ plan: Plan, policy: Policy?) -> [BundleLimit] {
        let isModel = plan.lock.bundle.model != nil
        let folders = Set(exactly: plan.stored.compactMap { $0.path.components.first })
        var rebuilt: [SHA256Digest: Int] = [:]
        for entry in plan.lock.packed {
            for file in entry.files {
                if case .segments = file.placement { rebuilt[file.sha256] = file.size }
            }
        }
        var limits = [
            BundleLimit(
                name: "Size of the bundle",
                source: isModel
                    ? "Kaggle's limit for a dataset; for models none is published"
                    : "Kaggle's limit for a dataset",
                unit: .bytes, used: plan.size, limit: KaggleRules.maximumSize),
            BundleLimit(
                name: "Files and folders at the top level", source: "Kaggle's limit for a dataset",
                unit: .entries,
                used: folders.count + BundlePath.generated(plan.lock.bundle).count,
                limit: KaggleRules.maximumTopLevel),
            BundleLimit(
                name: "Files that are rebuilt in a notebook",
                source: "about what a notebook has beside /kaggle/working", unit: .bytes,
                used: rebuilt.values.saturatedSum { $0 }, limit: ScratchRule.scratch),
        ]
        if let limit = policy?.maximumSize {
            limits.insert(
                BundleLimit(
                    name: "Size of the bundle", source: "max-size of the policy", unit: .bytes,
                    used: plan.size,
                    limit: limit), at: 0)
        }
        return limits
    }
}
