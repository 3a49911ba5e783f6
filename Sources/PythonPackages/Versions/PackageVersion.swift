/// A version of a Python package, read and ordered as PEP 440 states.
///
/// Every number has to fit 64 bits; a text with a greater one is no version here.
package struct PackageVersion: Sendable {
    /// What kind of pre-release it is, in their order.
    package enum Stage: String, Sendable, CaseIterable, Comparable {
        /// An alpha release.
        case alpha = "a"
        /// A beta release.
        case beta = "b"
        /// A release candidate.
        case candidate = "rc"

        /// The order in which releases go through them.
        package static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
    }

    /// A pre-release's stage and number.
    package struct Prerelease: Equatable, Sendable {
        /// The stage.
        package let stage: Stage
        /// The number; 0 where none was written.
        package let number: UInt64
    }

    /// A part of a local version between two separators.
    package enum LocalPart: Equatable, Sendable {
        /// Letters and digits, lowercase.
        case text(String)
        /// Digits only.
        case number(UInt64)
    }

    /// The epoch; 0 where none was written.
    package let epoch: UInt64
    /// The numbers between dots, as many as were written, at least one.
    package let release: [UInt64]
    /// The pre-release; `nil` if it is not one.
    package let pre: Prerelease?
    /// The number of the post-release; `nil` if it is not one.
    package let post: UInt64?
    /// The number of the development release; `nil` if it is not one.
    package let dev: UInt64?
    /// The local version, behind "+"; empty if there is none.
    package let local: [LocalPart]

    /// Describes a version, as PEP 440 has it, by its segments.
    package init(
        epoch: UInt64, release: [UInt64], pre: Prerelease? = nil, post: UInt64? = nil, dev: UInt64? = nil,
        local: [LocalPart] = []
    ) {
        self.epoch = epoch
        self.release = release
        self.pre = pre
        self.post = post
        self.dev = dev
        self.local = local
    }

    /// Reads a version in any of PEP 440's spellings; `nil` if the text is not one.
    package init?(_ text: String) {
        var scanner = VersionScanner(text)
        scanner.skipSpace()
        guard let version = scanner.version(local: true) else { return nil }
        scanner.skipSpace()
        guard scanner.isAtEnd else { return nil }
        self = version
    }

    /// Whether it is a pre-release or a development release.
    package var isPrerelease: Bool { pre != nil || dev != nil }

    /// The release without zeros at its end; at least one number.
    package var trimmedRelease: ArraySlice<UInt64> {
        var end = release.count
        while end > 1, release[end - 1] == 0 { end -= 1 }
        return release[..<end]
    }

    /// The same without its local version.
    package var withoutLocal: PackageVersion {
        PackageVersion(epoch: epoch, release: release, pre: pre, post: post, dev: dev)
    }
}

extension PackageVersion: CustomStringConvertible {
    /// The normalized text.
    package var description: String {
        var text = epoch == 0 ? "" : "\(epoch)!"
        text += release.map { String($0) }.joined(separator: ".")
        if let pre { text += "\(pre.stage.rawValue)\(pre.number)" }
        if let post { text += ".post\(post)" }
        if let dev { text += ".dev\(dev)" }
        if !local.isEmpty {
            let parts = local.map { part in
                switch part {
                case .text(let text): text
                case .number(let number): String(number)
                }
            }
            text += "+" + parts.joined(separator: ".")
        }
        return text
    }
}

extension PackageVersion: Comparable, Hashable {
    /// PEP 440's order: development releases, pre-releases, the release, its post-releases; versions that
    /// differ only in zeros at the end of the release are the same.
    package static func < (left: PackageVersion, right: PackageVersion) -> Bool {
        if let isLess = left.comesBefore(public: right) { return isLess }
        return PackageVersion.precedes(left.local, right.local)
    }

    /// Whether they are the same version.
    package static func == (left: PackageVersion, right: PackageVersion) -> Bool {
        left.comesBefore(public: right) == nil && left.local == right.local
    }

    /// Feeds what equal versions have in common.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(epoch)
        hasher.combine(trimmedRelease)
        hasher.combine(pre?.number)
        hasher.combine(post)
        hasher.combine(dev)
    }

    /// Which one comes first, their local versions set aside; `nil` where they are the same.
    func comesBefore(public other: PackageVersion) -> Bool? {
        if epoch != other.epoch { return epoch < other.epoch }
        let own = trimmedRelease
        let others = other.trimmedRelease
        if own != others { return own.lexicographicallyPrecedes(others) }
        let stages = (stageOrder, other.stageOrder)
        if stages.0 != stages.1 { return stages.0 < stages.1 }
        if let one = pre?.number, let two = other.pre?.number, one != two { return one < two }
        switch (post, other.post) {
        case (nil, _?): return true
        case (_?, nil): return false
        case (let one?, let two?) where one != two: return one < two
        default: break
        }
        switch (dev, other.dev) {
        case (_?, nil): return true
        case (nil, _?): return false
        case (let one?, let two?) where one != two: return one < two
        default: return nil
        }
    }

    /// Where the stage stands: a development release of nothing but the release itself is before them all.
    private var stageOrder: Int {
        switch pre?.stage {
        case .alpha: 1
        case .beta: 2
        case .candidate: 3
        case nil: post == nil && dev != nil ? 0 : 4
        }
    }

    /// A local version after none, numbers after texts, more parts after fewer.
    private static func precedes(_ left: [LocalPart], _ right: [LocalPart]) -> Bool {
        for (one, two) in zip(left, right) where one != two {
            switch (one, two) {
            case (.number(let one), .number(let two)): return one < two
            case (.text(let one), .text(let two)): return one.utf8.lexicographicallyPrecedes(two.utf8)
            case (.text, .number): return true
            case (.number, .text): return false
            }
        }
        return left.count < right.count
    }
}
