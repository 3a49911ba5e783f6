import Foundation
import PackagePlugin

/// Writes the files of the page that `knapsack serve` shows into a source file of the module `Site`.
@main struct EmbedSite: BuildToolPlugin {
    /// One command, which runs again when one of the files changes.
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let folder = target.directoryURL.appending(path: "Files")
        let output = context.pluginWorkDirectoryURL.appending(path: "SiteTexts.swift")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .sorted().map { folder.appending(path: $0) }
        return [
            .buildCommand(
                displayName: "Embedding the page of serve", executable: URL(filePath: "/bin/sh"),
                arguments: ["-c", Self.script, "sh", output.path] + files.map(\.path),
                inputFiles: files, outputFiles: [output])
        ]
    }

    /// A file is one literal, so that it costs nothing until it is asked for.
    private static let script = """
        output=$1; shift
        {
        printf 'extension Site {\\n    package static let all: [SiteFile] = [\\n'
        for file; do
            printf '        SiteFile(name: "%s", text: ####\"\"\"\\n' "${file##*/}"
            cat "$file"
            printf '\\n\"\"\"####),\\n'
        done
        printf '    ]\\n}\\n'
        } > "$output"
        """
}
