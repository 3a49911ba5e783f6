import Formats
import TOMLKit

/// Reads a TOML document: toml++ decides whether it is one and gives the values, `TOMLScanner` their places.
enum TOMLDocument {
    /// A manifest names files, so a larger one is a mistake.
    static let maximumSize = 1 << 20

    /// The document's root table, or the first thing that keeps the bytes from being TOML.
    static func read(_ bytes: [UInt8], path: String) throws(Diagnostics) -> (LocatedValue, SourceText) {
        try checkText(bytes, path: path)
        let text = SourceText(bytes, path: path)
        let positions: TOMLPositions
        do throws(TOMLSyntaxError) {
            positions = try TOMLScanner.scan(bytes)
        } catch {
            throw Diagnostics(syntaxError(error.message, at: text.location(error.place), fix: error.fix))
        }
        let json = try values(bytes, text)
        guard let root = join(positions, json) else {
            throw Diagnostics(
                syntaxError(
                    "its tables are understood in two ways", at: Diagnostic.Location(file: path),
                    fix: "write every table once, under its own header"))
        }
        return (root, text)
    }

    private static func syntaxError(
        _ message: String, at location: Diagnostic.Location, fix: String? = nil
    ) -> Diagnostic {
        Diagnostic(
            code: "manifest-syntax", "not valid TOML: \(message)", at: location, fix: fix,
            verdict: .undecided)
    }

    // MARK: Text

    private static func checkText(_ bytes: [UInt8], path: String) throws(Diagnostics) {
        let whole = Diagnostic.Location(file: path)
        guard bytes.count <= maximumSize else {
            throw Diagnostics(
                Diagnostic(
                    code: "manifest-size", "the manifest has \(bytes.count) bytes, at most 1 MiB is read",
                    at: whole, verdict: .undecided))
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw Diagnostics(notText("the manifest is UTF-16", at: whole))
        }
        // TOMLKit hands the text on as a C string, which would end here.
        if let place = bytes.firstIndex(of: 0) {
            let location = SourceText(bytes, path: path).location(place)
            throw Diagnostics(notText("a NUL byte is in the manifest", at: location))
        }
        do {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            let location = SourceText(bytes, path: path).location(error.byteOffsets.lowerBound)
            throw Diagnostics(notText("the manifest is not valid UTF-8 here", at: location))
        }
    }

    private static func notText(_ message: String, at location: Diagnostic.Location) -> Diagnostic {
        Diagnostic(
            code: "manifest-encoding", message, at: location, fix: "save the file as UTF-8 text",
            verdict: .undecided)
    }

    // MARK: Values

    /// The document as toml++ reads it. The values are taken over as JSON and not through TOMLKit's
    /// types: those end a string at an escaped NUL, and trap for a key that has one.
    private static func values(_ bytes: [UInt8], _ text: SourceText) throws(Diagnostics) -> JSON {
        let table: TOMLTable
        do {
            table = try TOMLTable(string: String(decoding: bytes, as: UTF8.self))
        } catch let error as TOMLParseError {
            let position = error.source.begin
            let location = Diagnostic.Location(
                file: text.path, line: position.line, column: position.column)
            throw Diagnostics(syntaxError(sentence(error.description), at: location))
        } catch {
            throw Diagnostics(
                syntaxError("\(error)", at: Diagnostic.Location(file: text.path)))
        }
        let options: FormatOptions = [.quoteDateAndTimes, .quoteInfinitesAndNaNs, .allowUnicodeStrings]
        let json = table.convert(to: .json, options: options)
        do throws(FormatError) {
            return try JSON.parse(Array(json.utf8), maximumDepth: TOMLScanner.maximumDepth + 2)
        } catch {
            throw Diagnostics(syntaxError(error.message, at: Diagnostic.Location(file: text.path)))
        }
    }

    /// toml++'s message without its "Error while parsing", on one line.
    private static func sentence(_ description: String) -> String {
        let prefix = "Error while parsing "
        let text = description.hasBytes(prefix) ? String(description.dropFirst(prefix.count)) : description
        var result = ""
        for scalar in text.unicodeScalars {
            result.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar)
        }
        return result
    }

    /// Puts places and values together; `nil` where they are not of one shape.
    private static func join(_ positions: TOMLPositions, _ json: JSON) -> LocatedValue? {
        guard let content = content(positions, json) else { return nil }
        return LocatedValue(content: content, place: positions.place)
    }

    private static func content(_ positions: TOMLPositions, _ json: JSON) -> LocatedValue.Content? {
        switch (positions.shape, json) {
        case (.string, .string(let text)): return .string(text)
        case (.bare, .integer(let value)): return .integer(value)
        case (.bare, .number): return .float
        case (.bare, .bool): return .bool
        case (.bare, .string(let text)):
            return ["Infinity", "-Infinity", "NaN"].contains(text) ? .float : .date(text)
        case (.list, .array(let elements)), (.listOfTables, .array(let elements)):
            guard elements.count == positions.elements.count else { return nil }
            var values: [LocatedValue] = []
            for (element, json) in zip(positions.elements, elements) {
                guard let value = join(element, json) else { return nil }
                values.append(value)
            }
            return .list(values)
        case (.table, .object(let members)):
            guard members.count == positions.members.count else { return nil }
            var found: [LocatedValue.Member] = []
            // Keys are compared as bytes: a dictionary of strings would take two spellings for one.
            var values: [[UInt8]: JSON] = [:]
            for member in members { values[Array(member.key.utf8)] = member.value }
            for member in positions.members {
                guard let json = values[member.key], let value = join(member.value, json) else { return nil }
                let key = String(decoding: member.key, as: UTF8.self)
                found.append(LocatedValue.Member(key: key, place: member.place, value: value))
            }
            return .table(found)
        default: return nil
        }
    }
}
