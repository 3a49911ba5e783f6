import Formats
package import PythonPackages

/// What `pip freeze` prints of a Python: the packages that it has installed.
///
/// pip 26 prints `name==version`, `name===version` where the version is none of PEP 440, `name @ url` for what was
/// installed from a file or an address, `-e address#egg=name` for what is edited in place, and before `-e directory` a
/// comment with name and version (`operations/freeze.py`).
package struct FreezeFile: Equatable, Sendable {
    /// A line that is none of these.
    package struct Line: Equatable, Sendable {
        /// Counted from 1.
        package let number: Int
        /// The line, shortened to what a message has room for.
        package let text: String
    }

    /// The packages, in the order of the lines; of one that is there twice the first.
    package let packages: [InstalledPackage]
    /// The lines that could not be read.
    package let unread: [Line]

    /// Reads the text; what is no such line is *not* an error, but told in ``unread``.
    package init(_ bytes: [UInt8]) {
        var packages: [InstalledPackage] = []
        var unread: [Line] = []
        var names: Set<ExactName> = []
        var comment = ""
        let start = LineColumns.hasByteOrderMark(bytes) ? 3 : 0
        for (index, line) in bytes[start...].split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
        ).enumerated() {
            let text = String(decoding: line, as: UTF8.self).trimmed
            defer { comment = text }
            if text.isEmpty || text.utf8.first == UInt8(ascii: "#") { continue }
            guard let package = FreezeFile.package(text, after: comment) else {
                unread.append(Line(number: index + 1, text: String(text.unicodeScalars.prefix(60))))
                continue
            }
            if names.insert(package.name).inserted { packages.append(package) }
        }
        self.packages = packages
        self.unread = unread
    }

    private static func package(_ text: String, after comment: String) -> InstalledPackage? {
        if let target = text.removingPrefix("-e ") ?? text.removingPrefix("--editable ") {
            return editable(target.trimmed, after: comment)
        }
        guard let package = WheelSettings.installed(text) else { return nil }
        guard package.version == nil, let url = (try? Requirement(parsing: text))?.url else {
            // A name alone is what pip lists, and not what it freezes; it is taken all the same.
            return package
        }
        // The file's name states the version, if it is a wheel's.
        let path = url.prefix { $0 != "#" && $0 != "?" }
        let file = path.split(separator: "/").last.map(String.init) ?? ""
        guard let wheel = WheelFileName(file), wheel.name == package.name else { return package }
        return InstalledPackage(name: package.name, version: wheel.version)
    }

    /// What is edited in place: named behind `#egg=`, or in the comment before it.
    private static func editable(_ target: String, after comment: String) -> InstalledPackage? {
        if let range = target.firstRange(of: "#egg=") ?? target.firstRange(of: "&egg=") {
            let name = target[range.upperBound...].prefix { $0 != "&" }
            return WheelSettings.installed(String(name)).map { InstalledPackage(name: $0.name, version: nil) }
        }
        guard comment.utf8.first == UInt8(ascii: "#"), let open = comment.firstIndex(of: "("),
            let close = comment.lastIndex(of: ")"), open < close
        else { return nil }
        return WheelSettings.installed(String(comment[comment.index(after: open)..<close]))
    }
}

extension String {
    fileprivate func removingPrefix(_ prefix: String) -> String? {
        utf8.starts(with: prefix.utf8) ? String(Substring(utf8.dropFirst(prefix.utf8.count))) : nil
    }
}
