import ArgumentParser
import Formats
import Manifests
import Storage

/// The manifest that `add` and `remove` write.
struct EditedManifest: ParsableArguments {
    /// The manifest's path; `nil` is the usual name.
    @Option(
        help: ArgumentHelp("The manifest; knapsack.toml if there is none given.", valueName: "manifest"),
        completion: .file(extensions: ["toml"]))
    var manifest: String?

    /// The path as the user named it.
    var path: String { manifest ?? ManifestArgument.defaultName }

    /// What is there; `nil` if there is nothing, and a new manifest may take the place.
    ///
    /// - Throws: where it cannot be read, where it is not right, and where none is named and there are others.
    func read() throws -> ManifestText? {
        let argument = ManifestArgument.named(path)
        if try FileStatus.existing(path) == nil, manifest != nil || argument.nearby == nil { return nil }
        // Where there is none and others are, this names them.
        return try ManifestText.read(argument.contents(), path: path)
    }

    /// What is there; throws also where there is nothing.
    func existing() throws -> ManifestText {
        try ManifestText.read(ManifestArgument.named(path).contents(), path: path)
    }

    /// The text of a new manifest, named after its file.
    func fresh(_ entries: [EntryText]) throws -> [UInt8] {
        let file = path == ManifestArgument.defaultName ? "models" : Path.name(path)
        let name = EntryName.ofBundle(for: file.hasSuffix(".toml") ? String(file.dropLast(5)) : file)
        let head = ManifestHead.text(name: name, licenses: [])
        let bytes = Array((head + entries.map(\.text).joined(separator: "\n")).utf8)
        _ = try ManifestText.read(bytes, path: path)
        return bytes
    }

    /// Writes the new text: a reader finds the old or the new one, and a link leads to the same file as before.
    func write(_ bytes: [UInt8]) throws {
        let exists = try FileStatus.existing(path) != nil
        try AtomicFile.write(bytes, to: exists ? Directory.realPath(path) : path)
    }
}
