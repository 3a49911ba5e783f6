package import Conversion
import Formats
package import Manifests
import ModelFacts
import Storage

/// An importance matrix in a file that stays open, so that values are read when they are wanted.
package struct ImatrixFile: Sendable {
    /// The path as it was given.
    package let name: String
    /// The matrix, without the entries that are left out.
    package let matrix: Imatrix
    private let file: OpenFile

    /// Opens a file of `llama-imatrix`, in GGUF or in the older format, and looks at every value once.
    /// - Parameters:
    ///   - including: keeps only entries whose names contain one of these; all if there is none.
    ///   - excluding: leaves out entries whose names contain one of these.
    /// - Throws: ``Diagnostics`` where it cannot be read, or a value is no number.
    ///   - name: what to call it in metadata; `nil` for the path as it is given.
    package static func open(
        path: String, name: String? = nil, including: [String] = [], excluding: [String] = []
    ) throws -> ImatrixFile {
        try ImatrixFile(path: path, name: name, including: including, excluding: excluding)
    }

    private init(
        path: String, name: String?, including: [String], excluding: [String]
    ) throws {
        self.name = name ?? path
        do {
            let file = try OpenFile(path: path)
            self.file = file
            matrix = try Imatrix(fileSize: file.status.size) { try file.bytes($0) }
                .filtered(including: including, excluding: excluding)
            try matrix.check { try file.bytes($0) }
        } catch let error as FileError {
            throw Diagnostics(
                Diagnostic(
                    code: .imatrixUnreadable, "\(error)", fix: error.remedy(), verdict: .undecided))
        } catch let error as FormatError {
            throw Diagnostics(
                Diagnostic(
                    code: .imatrixMalformed, "\(path) is not an importance matrix that can be read: \(error)",
                    fix: "make it again with llama-imatrix"))
        } catch let error as QuantizationError {
            throw Diagnostics(error.diagnostic(code: .imatrixUnusable))
        }
    }

    /// The values of a tensor: one for each column, expert after expert.
    package func values(of entry: Imatrix.Entry) throws -> [Float] {
        try matrix.values(of: entry) { try file.bytes($0) }
    }

    /// How often each expert of a tensor was used, as a multiple of the mean; empty where that is not known.
    package func usage(of entry: Imatrix.Entry) throws -> [Double] {
        try matrix.usage(of: entry) { try file.bytes($0) }
    }
}

extension OpenFile {
    /// The bytes of a range, all of which the file has.
    fileprivate func bytes(_ range: Range<Int>) throws -> [UInt8] {
        let bytes = try handle.bytes(range)
        guard bytes.count == range.count else { throw ReadFailure.changed(path: handle.path) }
        return bytes
    }
}

extension QuantizationError {
    /// The error as a finding.
    package func diagnostic(code: FindingCode, verdict: Diagnostic.Verdict = .finding) -> Diagnostic {
        Diagnostic(code: code, message, fix: hint, verdict: verdict)
    }
}
