import Formats

extension TensorFileReader {
    /// The first bytes that are read of a `.npy` member: NumPy pads its headers to 64, and most have 128.
    private static var firstArrayRead: Int { 128 }

    /// The stored members of a zip archive, each as a tensor; those of `.npz` without the headers of their
    /// arrays. Members that are compressed or smaller than ``smallest`` are left out.
    func zip(
        _ read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(ReadingStop<Failure>) -> TensorFile {
        let directory = try RangedReader(fileSize: fileSize).zipDirectory(read)
        let format = Self.format(directory)
        var extents: [TensorExtent] = []
        for member in directory.members where member.isPlain && member.size >= smallest {
            let header = try bytes(member.localHeader, read)
            let content = try checked { () throws(FormatError) in
                try member.content(localHeader: header.span)
            }
            if format == .npz, !content.isEmpty {
                extents.append(try array(member.name, content, read))
            } else {
                extents.append(TensorExtent(name: member.name, bytes: content))
            }
        }
        return file(format, extents)
    }

    /// The format that the members' names speak of.
    private static func format(_ directory: ZipCentralDirectory) -> TensorFile.Format {
        let members = directory.members
        if members.contains(where: { $0.name == "data.pkl" || $0.name.utf8.ends(with: "/data.pkl") }) {
            return .pytorch
        }
        return !members.isEmpty && members.allSatisfy { $0.name.utf8.ends(with: ".npy") } ? .npz : .zip
    }

    /// The array in a stored `.npy` member.
    private func array(
        _ name: String, _ content: Range<Int>, _ read: (Range<Int>) throws(Failure) -> [UInt8]
    ) throws(ReadingStop<Failure>) -> TensorExtent {
        var start: [UInt8] = []
        var wanted = min(content.count, Self.firstArrayRead)
        while true {
            start += try bytes((start.count..<wanted).shifted(by: content.lowerBound), read)
            let parsing: NPYHeader.Parsing
            do throws(FormatError) {
                parsing = try NPYHeader.parse(start.span, fileSize: content.count)
            } catch {
                throw .malformed(
                    FormatError(
                        "the zip member \(name.quoted): \(error.message)",
                        at: content.lowerBound + error.offset))
            }
            switch parsing {
            case .needsMore(let count):
                guard count > start.count, count <= content.count else {
                    throw .malformed(
                        FormatError(
                            "the zip member \(name.quoted) ends inside its header", at: content.upperBound))
                }
                wanted = count
            case .complete(let header):
                return TensorExtent(
                    name: String(name.dropLast(4)),
                    bytes: content.lowerBound + header.dataStart..<content.upperBound, dtype: header.descr,
                    shape: header.descr == nil ? nil : header.shape)
            }
        }
    }
}
