import Foundation
import PackagePlugin

/// Writes the commit that is checked out into a source file of the module `Revision`, for `knapsack --version`.
///
/// `Context.gitInformation` of the manifest would not do: SwiftPM keeps what a manifest gives by the manifest's text, so
/// that the next commit would still have the name of the one before. Here the files of git that change with every
/// commit are inputs of the command.
@main struct NoteCommit: BuildToolPlugin {
    /// One command, which runs again when git's own files change.
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let root = context.package.directoryURL
        let output = context.pluginWorkDirectoryURL.appending(path: "Commit.swift")
        return [
            .buildCommand(
                displayName: "Noting the commit", executable: URL(filePath: "/bin/sh"),
                arguments: ["-c", Self.script, "sh", root.path, output.path],
                inputFiles: Self.inputs(root.appending(path: ".git")), outputFiles: [output])
        ]
    }

    /// The files that git writes at a commit or a checkout; none outside of a clone.
    private static func inputs(_ git: URL) -> [URL] {
        guard let head = try? String(contentsOf: git.appending(path: "HEAD"), encoding: .utf8) else {
            return []
        }
        let name = head.trimmingCharacters(in: .whitespacesAndNewlines)
        let branch = name.hasPrefix("ref: ") ? [String(name.dropFirst(5))] : []
        return (["HEAD", "logs/HEAD", "packed-refs"] + branch).map { git.appending(path: $0) }
            .filter { FileManager.default.fileExists(atPath: $0.path) }
    }

    /// Without a clone or without git the commit stays empty.
    private static let script = """
        commit=
        if [ -d "$1/.git" ]; then commit=$(git -C "$1" rev-parse --verify --quiet HEAD 2>/dev/null) || commit=; fi
        printf 'extension Revision { package static let commit = "%s" }\\n' "$commit" > "$2"
        """
}
