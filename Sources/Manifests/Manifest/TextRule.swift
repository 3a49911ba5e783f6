import Formats
import PythonPackages

/// Which texts a key of the manifest takes.
package enum TextRule: Equatable {
    /// A line of text for people.
    case line
    /// The name of a Kaggle data set in its address.
    case slug
    /// The name of a Kaggle account in its address.
    case owner
    /// The name of an entry: a folder of the bundle.
    case entryName
    /// Where the files of an entry of this kind come from.
    case source(Entry.Kind)
    /// The identifier of a licence.
    case license
    /// The identifier of a licence, or several with SPDX's AND, OR, WITH and parentheses.
    case licenseExpression
    /// A repository of the Hub or a model of Kaggle, with or without a revision.
    case revision
    /// A file pattern.
    case glob
    /// A bundle to build on: the path of its lock, or a data set of Kaggle's.
    case base
    /// The code of a finding.
    case findingCode
    /// A version of CPython.
    case python
    /// A platform tag of Linux.
    case platform
    /// What pip is asked to install.
    case requirement
    /// What a notebook has installed.
    case provided

    /// What is taken, in words.
    var allowed: String {
        switch self {
        case .line: "one line of text that is not empty"
        case .slug:
            "\(Self.datasetSlugLength.lowerBound) to \(Self.datasetSlugLength.upperBound) lowercase letters and "
                + "digits, with single '-' between them; for a model \(Self.slugLength.lowerBound) are enough"
        case .owner: "lowercase letters and digits, with single '-' or '_' between them"
        case .entryName:
            "at most 64 lowercase letters, digits, '.', '_' and '-', starting with a letter or digit"
        case .source(let kind): kind.schemes.map(\.form).joined(separator: ", ")
        case .license: "an identifier such as apache-2.0: at most 64 letters, digits, '.', '+', '-' and '_'"
        case .licenseExpression:
            "an identifier such as apache-2.0, or several such as apache-2.0 OR mit: at most 200 characters"
        case .revision:
            "org/name@ and a commit's 40 hexadecimal digits, org/name, kaggle: and a handle, or oci:host/repository@sha256:digest"
        case .glob: "a pattern that is not empty, such as *.safetensors or onnx/"
        case .base:
            "the path of a lock, relative to the manifest, such as models-base.lock, or "
                + Source.Scheme.kaggleDataset.form
        case .findingCode: "a code of docs/findings.md, such as license-denied"
        case .python: "a version such as 3.12 or 3.12.4"
        case .platform:
            "manylinux_2_N, manylinux2014, musllinux_1_N or linux, with _ and a processor such as x86_64"
        case .requirement: "a requirement as pip takes it, such as vllm>=0.8 or requests[socks]"
        case .provided: "a name, or a name with one version, such as numpy or torch==2.6.0"
        }
    }

    /// A regular expression that every text that is taken matches; a source that matches may still be refused.
    var pattern: String {
        switch self {
        case .line, .glob, .requirement, .provided: "^[^\\u0000-\\u001f\\u007f]+$"
        case .base:
            "^(\(Source.Scheme.kaggleDataset.pattern)|[^/\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*\\.lock)$"
        case .slug, .findingCode: "^[a-z0-9]+(-[a-z0-9]+)*$"
        case .owner: "^[a-z0-9]+([_-][a-z0-9]+)*$"
        case .entryName: "^[a-z0-9][a-z0-9._-]*$"
        case .source(let kind): "^(" + kind.schemes.map(\.pattern).joined(separator: "|") + ")$"
        case .license: "^[A-Za-z0-9][A-Za-z0-9.+_-]*$"
        case .licenseExpression:
            "^\\(*[A-Za-z0-9][A-Za-z0-9.+_-]*( (AND|OR|WITH) \\(*[A-Za-z0-9][A-Za-z0-9.+_-]*\\)*)*$"
        case .revision:
            "^((hf:|hf-dataset:|hf-space:|hf-kernel:)?[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?(@[0-9a-f]{40})?|kaggle(-dataset|-competition|-notebook)?:[A-Za-z0-9_./-]+|oci:[A-Za-z0-9._:\\[\\]-]+/[a-z0-9._/-]+(:[A-Za-z0-9_.-]+)?(@sha256:[0-9a-f]{64})?)$"
        case .python: "^3\\.[0-9]{1,3}(\\.[0-9]{1,3})?$"
        case .platform:
            "^(manylinux_2_[0-9]{1,3}|manylinux1|manylinux2010|manylinux2014|musllinux_1_[0-9]{1,3}|linux)_("
                + LinuxPlatform.machines.joined(separator: "|") + ")$"
        }
    }

    /// How many characters the kaggle command takes for the name of a data set (kaggle 2.2.5, `dataset_create_new`).
    package static let datasetSlugLength = 6...50
    /// How many Kaggle takes for any name; the kaggle command looks only at the letters of a model's.
    static let slugLength = 3...50

    /// The least and the most characters, where the pattern does not say it.
    var lengths: ClosedRange<Int>? {
        switch self {
        case .slug: Self.slugLength
        case .entryName, .license: 1...64
        case .licenseExpression: 1...200
        default: nil
        }
    }

    /// Whether a text is taken.
    func accepts(_ text: String) -> Bool {
        if let lengths, !lengths.contains(text.utf8.count) { return false }
        switch self {
        case .line, .glob: return TextRule.isLine(text)
        case .base: return TextRule.isLine(text) && BaseSource(text) != nil
        case .slug: return TextRule.isWords(text, joinedBy: "-")
        case .findingCode: return FindingCode(rawValue: text) != nil
        case .owner: return TextRule.isWords(text, joinedBy: "-_")
        case .entryName: return TextRule.isName(text, with: "._-") { TextRule.isLowerOrDigit($0) }
        case .license: return TextRule.isName(text, with: ".+_-") { TextRule.isLetterOrDigit($0) }
        case .licenseExpression: return LicenseExpression(text) != nil
        case .revision: return AllowedRevision(text) != nil
        case .python:
            let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            return (2...3).contains(parts.count) && parts[0].isText("3")
                && parts.allSatisfy { part in
                    (1...3).contains(part.count)
                        && part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
                }
        case .platform: return LinuxPlatform(tag: text) != nil
        case .requirement: return TextRule.isLine(text) && (try? Requirement(parsing: text)) != nil
        case .provided: return TextRule.isLine(text) && WheelSettings.installed(text) != nil
        case .source(let kind):
            guard let source = try? Source.parse(text) else { return false }
            return kind.schemes.contains(source.scheme)
        }
    }

    /// A text that was probably meant by one that is not taken.
    func suggestion(for text: String) -> String? {
        switch self {
        case .findingCode:
            return Suggestion.nearest(to: text, among: FindingCode.allCases.map(\.rawValue))
        case .slug, .entryName:
            // Lowercase, and '-' in place of what is not allowed.
            var bytes: [UInt8] = []
            for byte in text.utf8.prefix(64) {
                let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                let lower = isCapital ? byte | 0x20 : byte
                let isKept =
                    TextRule.isLowerOrDigit(lower) || self == .entryName && "._".utf8.contains(lower)
                if isKept { bytes.append(lower) } else if bytes.last != 0x2D { bytes.append(0x2D) }
            }
            while bytes.last == 0x2D { bytes.removeLast() }
            let result = String(decoding: bytes.drop { $0 == 0x2D }, as: UTF8.self)
            return accepts(result) ? result : nil
        case .source: return TextRule.sourceError(in: text)?.suggestion
        default: return nil
        }
    }

    /// What is wrong with a source that is not taken, to be read after "the source".
    static func sourceError(in text: String) -> SourceError? {
        do throws(SourceError) {
            _ = try Source.parse(text)
            return nil
        } catch {
            return error
        }
    }

    private static func isLine(_ text: String) -> Bool {
        !text.isEmpty && !text.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
    }

    private static func isWords(_ text: String, joinedBy separators: String) -> Bool {
        var wasSeparator = true
        for byte in text.utf8 {
            let isSeparator = separators.utf8.contains(byte)
            guard isSeparator ? !wasSeparator : isLowerOrDigit(byte) else { return false }
            wasSeparator = isSeparator
        }
        return !wasSeparator
    }

    private static func isName(_ text: String, with others: String, _ isPlain: (UInt8) -> Bool) -> Bool {
        guard let first = text.utf8.first, isPlain(first) else { return false }
        return text.utf8.allSatisfy { isPlain($0) || others.utf8.contains($0) }
    }

    private static func isLowerOrDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isLowerOrDigit(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
    }
}

extension Entry.Kind {
    /// The sources that entries of this kind may have.
    var schemes: [Source.Scheme] {
        switch self {
        case .model: [.hub, .kaggle, .kaggleDataset, .kaggleNotebook, .registry, .path]
        case .dataset: [.hubDataset, .kaggleDataset, .kaggleCompetition, .kaggleNotebook, .registry, .path]
        case .wheels: [.path, .kaggleDataset, .kaggleNotebook, .hubDataset, .registry]
        case .files: Source.Scheme.allCases
        }
    }
}

extension Source.Scheme {
    /// A regular expression that every source of this scheme matches, without its ends.
    fileprivate var pattern: String {
        let part = "[A-Za-z0-9][A-Za-z0-9._-]*"
        let version = "[1-9][0-9]*"
        return switch self {
        case .hub, .hubDataset, .hubSpace, .hubKernel:
            "\(rawValue):[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?(@[^\\u0000-\\u0020~^:?*\\[\\\\\\u007f]+)?"
        case .kaggle: "\(rawValue):\(part)(/\(part)){3}(/\(version))?"
        case .kaggleDataset, .kaggleNotebook: "\(rawValue):\(part)/\(part)(/versions/\(version))?"
        case .kaggleCompetition: "\(rawValue):\(part)"
        case .registry:
            "\(rawValue):[A-Za-z0-9\\[][A-Za-z0-9._:\\[\\]-]*/[a-z0-9][a-z0-9._/-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?(@sha256:[0-9a-f]{64})?(#[a-z0-9][a-z0-9._-]*)?"
        case .path: "\(rawValue):[^\\u0000-\\u001f\\u007f]+"
        }
    }
}
