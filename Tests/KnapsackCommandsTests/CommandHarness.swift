import ArgumentParser
import Synchronization
import TestSupport
import Testing

@testable import Bundles
@testable import Caches
@testable import Formats
@testable import KnapsackCommands
@testable import Locking
@testable import Manifests
@testable import Storage

/// What a command printed and how it ended.
struct Transcript {
    let status: Int32
    let output: String
    let error: String
}

/// The fixtures of the repository that this file is in.
enum Fixtures {
    static let root = Path.parent(Path.parent(Path.parent(#filePath)))
    static var quickstart: [String] {
        [
            "--hf-cache", root + "/fixtures/quickstart/hub", "--kagglehub-cache",
            root + "/fixtures/quickstart/kagglehub",
        ]
    }
}

/// Runs a command line in this process, with its own index and without a terminal.
func knapsack(_ arguments: String..., index: String = "/nonexistent") async throws -> Transcript {
    try await knapsack(arguments, index: index)
}

func knapsack(_ arguments: [String], index: String = "/nonexistent") async throws -> Transcript {
    let output = Collector()
    let error = Collector()
    let context = CommandContext(
        environment: ["KNAPSACK_CACHE_DIR": index, "HOME": "/nonexistent"], terminal: .plain,
        writeOutput: { output.add($0) }, writeError: { error.add($0) })
    let parsed = try Knapsack.parseAsRoot(LockingOptions.spelledOut(arguments))
    let command = try #require(parsed as? any KnapsackCommand)
    let status = await command.run(in: context)
    return Transcript(status: status, output: output.text, error: error.text)
}

/// Text that several threads add to.
private final class Collector: Sendable {
    private let parts = Mutex("")
    func add(_ text: String) { parts.withLock { $0 += text } }
    var text: String { parts.withLock { $0 } }
}

/// Copies the quickstart into a directory, so that a test can change it.
func copyQuickstart(to directory: String) throws -> (manifest: String, caches: [String]) {
    try copyTree(Fixtures.root + "/fixtures/quickstart", directory + "/fixtures/quickstart")
    let manifest = directory + "/manifests/quickstart.toml"
    try writeFile(manifest, contents(Fixtures.root + "/manifests/quickstart.toml"))
    return (
        manifest,
        [
            "--hf-cache", directory + "/fixtures/quickstart/hub", "--kagglehub-cache",
            directory + "/fixtures/quickstart/kagglehub",
        ]
    )
}

private func copyTree(_ from: String, _ path: String) throws {
    switch try FileStatus.status(of: from).kind {
    case .directory:
        try Directory.make(path)
        for name in try Directory.names(in: from) { try copyTree(from + "/" + name, path + "/" + name) }
    case .link: try makeLink(path, to: try Directory.linkText(from))
    default: try writeFile(path, contents(from))
    }
}

/// Replaces a text in a file.
func edit(_ path: String, _ old: String, _ new: String) throws {
    let text = String(decoding: try contents(path), as: UTF8.self)
    try #require(text.contains(old), "\(old) is not in \(path)")
    try writeFile(path, text.replacing(old, with: new))
}
