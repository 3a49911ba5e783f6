import Formats
import Manifests
import Reports
import Storage

/// Where a page is written.
enum PageFile {
    /// Writes a page, all of it or nothing. What is there and is no report stays.
    /// - Parameter inputs: the files and directories that the page is about, which it must not change.
    static func write(_ text: String, to path: String, keeping inputs: [String]) throws {
        try refuse(path, inputs)
        do throws(FileError) {
            try AtomicFile.write(Array(text.utf8), to: path)
        } catch {
            throw Diagnostics(
                Diagnostic(
                    code: .outputUnwritable, "\(error)",
                    fix: error.remedy(missing: "make the directory first"),
                    verdict: .undecided))
        }
    }

    /// Makes sure that nothing but a report is replaced, and that no bundle gets a file that does not belong to it.
    static func refuse(_ path: String, _ inputs: [String]) throws {
        let parent = try? Directory.realPath(Path.parent(path))
        for input in inputs {
            guard let parent, let real = try? Directory.realPath(input) else { continue }
            let isInside =
                Path.join(parent, Path.name(path)).hasSameBytes(as: real) || parent.hasSameBytes(as: real)
                || parent.hasUTF8Prefix(real + "/")
            guard isInside else { continue }
            throw Diagnostics(
                Diagnostic(
                    code: .outputIsInput,
                    "\(path) is, or is inside of, what the page is about: \(input)",
                    notes: ["a file that does not belong to a bundle makes verify fail"],
                    fix: "name a file elsewhere", verdict: .undecided))
        }
        guard let status = try FileStatus.existing(path) else { return }
        if status.kind == .file,
            let head = try? FileHandle.named(path).bytes(0..<min(ReportFile.head, status.size)),
            ReportFile.isReport(head) || head.isEmpty
        {
            return
        }
        throw Diagnostics(
            Diagnostic(
                code: .outputExists, "\(path) exists and is not a report, so it is not replaced",
                fix: "name another file, or remove it", verdict: .undecided))
    }
}
