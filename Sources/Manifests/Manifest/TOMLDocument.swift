/// Reads a manifest's bytes as a TOML document: what `TOMLParser` is given, and how its errors are reported.
enum TOMLDocument {
    /// A manifest names files, so a larger one is a mistake.
    static let maximumSize = 1 << 20

    /// The document's root table, or the first thing that keeps the bytes from being TOML.
    static func read(_ bytes: [UInt8], path: String) throws(Diagnostics) -> (LocatedValue, LineColumns) {
        try checkText(bytes, path: path)
        let text = LineColumns(bytes, path: path)
        do throws(TOMLSyntaxError) {
            return (try TOMLParser.parse(bytes), text)
        } catch {
            let message = "not valid TOML: \(error.message)"
            throw Diagnostics(
                Diagnostic(
                    code: .manifestSyntax, message, at: text.location(error.place), fix: error.fix,
                    verdict: .undecided))
        }
    }

    // MARK: Text

    private static func checkText(_ bytes: [UInt8], path: String) throws(Diagnostics) {
        let whole = Diagnostic.Location(file: path)
        guard bytes.count <= maximumSize else {
            throw Diagnostics(
                Diagnostic(
                    code: .manifestSize, "the manifest has \(bytes.count) bytes, at most 1 MiB is read",
                    at: whole, verdict: .undecided))
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw Diagnostics(notText("the manifest is UTF-16", at: whole))
        }
        // UTF-8 may have one, but no text has: the file is of another kind or encoding.
        if let place = bytes.firstIndex(of: 0) {
            let location = LineColumns(bytes, path: path).location(place)
            throw Diagnostics(notText("a NUL byte is in the manifest", at: location))
        }
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            let location = LineColumns(bytes, path: path).location(error.byteOffsets.lowerBound)
            throw Diagnostics(notText("the manifest is not valid UTF-8 here", at: location))
        }
    }

    private static func notText(_ message: String, at location: Diagnostic.Location) -> Diagnostic {
        Diagnostic(
            code: .manifestEncoding, message, at: location, fix: "save the file as UTF-8 text",
            verdict: .undecided)
    }
}
