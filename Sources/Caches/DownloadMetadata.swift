import Formats
import Manifests
import Storage

/// What huggingface_hub writes beside a download into a directory of its own (`_local_folder.py`): three
/// lines with the commit, the ETag and the time of the download in seconds since 1970.
struct DownloadMetadata {
    /// The commit, or `nil` where the first line is none.
    let commit: String?
    /// What the ETag states of the content; `nil` where it states nothing.
    let evidence: Evidence?
    private let time: Double

    /// Reads the content of a `.metadata` file; `nil` where the client would throw it away.
    init?(_ bytes: [UInt8]) {
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { DownloadMetadata.stripped($0) }
        guard lines.count >= 3, let time = Double(lines[2]), !time.isNaN else { return nil }
        commit = Commit.isFull(lines[0]) ? lines[0] : nil
        evidence = Evidence(etag: lines[1], .localDirectory)
        self.time = time
    }

    private static func stripped(_ line: ArraySlice<UInt8>) -> String {
        let isBlank = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
        let rest = line.drop(while: isBlank).reversed().drop(while: isBlank).reversed()
        return String(decoding: Array(rest), as: UTF8.self)
    }

    /// Whether it still speaks of the file: the file was not changed later than a second after.
    func covers(_ status: FileStatus) -> Bool {
        Double(status.modified) / 1_000_000_000 - 1 <= time
    }
}

/// All metadata that a download left in a directory.
struct DownloadRecords {
    /// Where the client keeps it, seen from the directory.
    static let folder = ".cache/huggingface"

    /// The metadata by the path of the file that it is about.
    private(set) var metadata: [RelativePath: DownloadMetadata] = [:]
    /// The names of downloads that did not end.
    private(set) var interrupted: [String] = []

    /// Reads what is below ``folder``; a directory without it has no records, which is *not* an error.
    init(in enclosure: inout CacheSandbox) {
        guard let place = enclosure.existing(DownloadRecords.folder + "/download"),
            place.status.kind == .directory
        else { return }
        let words = FileWalk.Words(subject: "", enclosure: "", fix: "")
        // Metadata that cannot be read proves nothing, which the missing proof will tell.
        for file in FileWalk(of: place.path, in: &enclosure, words: words).files {
            if IncompleteDownload.isIncomplete(file.path.text) { interrupted.append(file.path.name) }
            guard let about = file.path.removing(suffix: ".metadata"),
                let bytes = try? FileReader.contents(of: file.place.path, limit: 4096),
                let read = DownloadMetadata(bytes)
            else { continue }
            metadata[about] = read
        }
    }

    /// The commit that all files came from, or `nil` if there are several or none.
    var commit: String? {
        let commits = Set(metadata.values.compactMap(\.commit))
        return commits.count == 1 ? commits.first : nil
    }
}
