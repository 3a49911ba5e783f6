import Foundation
import PackagePlugin

/// Writes `Loader/knapsack.py` into a source file of the module `Bundles`, as one literal of a string: an array of bytes,
/// which is what SwiftPM's own embedding makes, takes the compiler a minute and a gigabyte.
@main struct EmbedLoader: BuildToolPlugin {
    /// One command for the module that has `Loader/knapsack.py`; it runs again when that file changes.
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        let loader = target.directoryURL.appending(path: "Loader/knapsack.py")
        let output = context.pluginWorkDirectoryURL.appending(path: "LoaderText.swift")
        return [
            .buildCommand(
                displayName: "Embedding the loader", executable: URL(filePath: "/bin/sh"),
                arguments: ["-c", Self.script, "sh", output.path, loader.path],
                inputFiles: [loader], outputFiles: [output])
        ]
    }

    private static let script = """
        {
        printf '/// The loader that every bundle has.\\nenum LoaderText {\\n'
        printf '    /// Its Python source, UTF-8.\\n    static let python = ####\"\"\"\\n'
        cat "$2"
        printf '\\n\"\"\"####\\n}\\n'
        } > "$1"
        """
}
