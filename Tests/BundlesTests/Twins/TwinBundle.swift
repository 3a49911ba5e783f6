import Synchronization
import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import Locking
@testable import Manifests
@testable import Storage

/// Two names that `String` takes for one, and that are two files.
struct Twins: Sendable, CustomTestStringConvertible {
    let first: String
    let second: String

    var testDescription: String { "\(first.withVisibleScalars) and \(second.withVisibleScalars)" }

    static let all = [
        Twins(first: "a-Q4_K_M.txt", second: "a-Q4_\u{212A}_M.txt"),
        Twins(first: "caf\u{E9}.txt", second: "cafe\u{301}.txt"),
        Twins(first: "\u{C5}.txt", second: "\u{212B}.txt"),
    ]

    /// Each pair in both orders: the real name may be either of the two.
    static let ordered = all + all.map { Twins(first: $0.second, second: $0.first) }
}

/// A bundle of one entry with files of given names, and their contents.
struct TwinBundle {
    let directory: String
    let plan: Plan
    let files: [(name: String, text: String)]
    var target: String { directory + "/bundle" }

    /// Where an entry's file is in the bundle; only names that Kaggle takes are at their natural paths.
    func stored(_ name: String) throws -> String {
        let file = try #require(plan.lock.entries.first?.files.first { $0.path.text.hasSameBytes(as: name) })
        switch file.placement {
        case .natural: return "\(target)/files/f/\(name)"
        case .at(let path): return path.joined(to: target)
        case .segments, .base: return ""
        }
    }

    /// - Parameter isNatural: whether every file is at its natural path, as in a bundle that was put together by hand.
    init(in directory: String, _ files: [(name: String, text: String)], isNatural: Bool = false) throws {
        self.directory = directory
        self.files = files
        var locked: [LockedFile] = []
        for (name, text) in files {
            try writeFile("\(directory)/source/\(name)", text)
            locked.append(
                try Samples.file(
                    RelativePath(checked: name), content: text, size: text.utf8.count, proof: .none))
        }
        let entry = Samples.entry("f", kind: .files, source: "path:source", files: locked)
        let lock =
            isNatural
            ? Lock(bundle: Samples.bundle, entries: [entry]) : try Samples.lock(Samples.bundle, [entry])
        plan = try Plan(lock)
    }

    private var locations: [RelativePath: String] {
        Dictionary(plan.stored.map { ($0.path, $0.file.joined(to: directory + "/source")) }) { first, _ in
            first
        }
    }

    func pack() async throws {
        _ = try await BundleWriter(plan: plan, locations: locations, target: target).write { _ in }
    }

    /// Writes the bundle's directory as it is now as an archive, in the order of its paths.
    func archive(_ format: ArchiveFormat) throws -> String {
        let path = directory + "/bundle" + format.suffix
        try Directory.removeFile(path)
        var writer = try ArchiveWriter(creating: path, format: format)
        for file in try BundleTree.list(target).files.keys.sorted() {
            let content = try contents(file.joined(to: target))
            try writer.add(path: file, content.span)
        }
        try writer.finish()
        return path
    }

    /// The codes of what a verification finds, of the directory and of archives of it in every format.
    func codes() async throws -> [[String]] {
        var all = [try await BundleVerifier(directory: target, level: .full).verify { _ in }.findings]
        all.append(try await BundleVerifier(directory: target, level: .quick).verify { _ in }.findings)
        for format in ArchiveFormat.allCases {
            let verifier = ArchiveVerifier(try archive(format), format: format, level: .full)
            all.append(try await verifier.verify { _ in }.findings)
        }
        return all.map { $0.map(\.code.rawValue).sorted() }
    }

    /// Every file below a directory by its bytes.
    static func tree(_ root: String) throws -> [RelativePath: String] {
        var found: [RelativePath: String] = [:]
        for file in try BundleTree.list(root).files.keys {
            found[file] = String(decoding: try contents(file.joined(to: root)), as: UTF8.self)
        }
        return found
    }
}
