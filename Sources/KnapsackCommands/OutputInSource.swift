import Formats
import Manifests
import Storage

/// A bundle that would be written into what it is packed from, so that the next lock would take it for a part of that.
enum OutputInSource {
    /// Throws where an entry's directory has the bundle in it, and takes files of it.
    /// - Parameters:
    ///   - target: the bundle's absolute path.
    ///   - directory: the manifest's, which sources are relative to.
    static func refuse(_ target: String, _ plan: Plan, in directory: String) throws {
        let place = try real(target)
        for entry in plan.lock.entries {
            guard let text = entry.asked.source, case .path(let source)? = try? Source.parse(text),
                let real = try? Directory.realPath(Path.join(directory, source)),
                Path.isInside(place, real), !place.hasSameBytes(as: real)
            else { continue }
            let start = real == "/" ? 1 : real.utf8.count + 1
            let below = String(decoding: place.utf8.dropFirst(start), as: UTF8.self)
            let filter = FileFilter(
                include: entry.asked.include.map { $0.map(Glob.init) },
                exclude: entry.asked.exclude.map(Glob.init))
            let paths = plan.stored.map(\.path.text) + [Lock.bundledName.text]
            let isTaken =
                ArchiveFormat(path: target) != nil
                ? filter.accepts(below) : paths.contains { filter.accepts("\(below)/\($0)") }
            guard isTaken else { continue }
            throw Diagnostics(
                Diagnostic(
                    code: .outputIsInput,
                    "\(target) is in \(text), which \(entry.name) is packed from, and would become a part of it",
                    fix: "choose an --output outside of it, or exclude = [\"\(below)*\"]",
                    verdict: .undecided))
        }
    }

    /// Where a path will be, also while only the beginning of it exists.
    private static func real(_ path: String) throws(FileError) -> String {
        if let real = try? Directory.realPath(path) { return real }
        let parent = Path.parent(path)
        return parent.hasSameBytes(as: path) ? path : Path.join(try real(parent), Path.name(path))
    }
}
