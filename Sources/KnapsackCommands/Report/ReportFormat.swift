import ArgumentParser

/// In which form a command reports its findings.
enum ReportFormat: String, CaseIterable, ExpressibleByArgument {
    /// For people, on standard error.
    case text
    /// One JSON document on standard output.
    case json
    /// Workflow commands of GitHub Actions on standard output, and a job summary.
    case github
    /// One SARIF 2.1.0 document on standard output.
    case sarif

    /// The format that a command line asks for that could not be parsed; `.text` where it asks for none.
    static func asked(in arguments: [String]) -> ReportFormat {
        if arguments.contains("--json") { return .json }
        for (index, argument) in arguments.enumerated() {
            if argument == "--format", index + 1 < arguments.count {
                return ReportFormat(rawValue: arguments[index + 1]) ?? .text
            }
            let prefix = "--format="
            if argument.utf8.starts(with: prefix.utf8) {
                return ReportFormat(rawValue: String(argument.dropFirst(prefix.count))) ?? .text
            }
        }
        return .text
    }
}

/// `--format`, for the commands that CI runs.
struct FormatOption: ParsableArguments {
    /// The format that was asked for; `nil` where none was.
    @Option(
        help: ArgumentHelp(
            "How findings are reported: text, json, github (annotations and a job summary) or sarif.",
            valueName: "format"))
    var format: ReportFormat?

    /// The format, which `--json` gives, too.
    func format(_ output: OutputOptions) -> ReportFormat { format ?? (output.json ? .json : .text) }

    /// Refuses `--json` beside another format.
    func validate(_ output: OutputOptions) throws {
        if output.json, let format, format != .json {
            throw ValidationError("--json and --format \(format.rawValue) exclude each other")
        }
    }
}
