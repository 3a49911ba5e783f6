package import Formats
import Storage

/// Builds zip archives for tests; a test makes them wrong by changing a number afterwards.
package struct ZipBuilder {
    package struct Member {
        package var name: [UInt8]
        package var content: [UInt8]
        package var method: UInt64 = 0
        package var flags: UInt64 = 0
        /// Whether sizes and offset are in Zip64 fields.
        package var isZip64 = false
        /// Whether the sizes follow the content in place of standing before it.
        package var hasDescriptor = false
        package var localExtra: [UInt8] = []
        package var extra: [UInt8] = []
        package var comment: [UInt8] = []

        package init(_ name: String, _ content: [UInt8]) {
            self.name = Array(name.utf8)
            self.content = content
        }
    }

    /// An archive and where its parts start.
    package struct Archive {
        package var bytes: [UInt8]
        /// The local headers.
        package var headers: [Int] = []
        /// The contents.
        package var contents: [Int] = []
        /// The records of the directory.
        package var records: [Int] = []
        package var directory = 0
        package var end64 = 0
        package var locator = 0
        package var end = 0

        /// Writes a number over what is there.
        package mutating func set(_ offset: Int, _ value: UInt64, _ size: Int) {
            bytes.replaceSubrange(offset..<offset + size, with: number(value, size))
        }
    }

    package var members: [Member] = []
    package var comment: [UInt8] = []
    /// Whether there is a Zip64 end record, as in every archive of PyTorch.
    package var hasEnd64 = false

    package init(members: [Member] = [], comment: [UInt8] = [], hasEnd64: Bool = false) {
        self.members = members
        self.comment = comment
        self.hasEnd64 = hasEnd64
    }

    package static func file(_ names: String...) -> ZipBuilder {
        ZipBuilder(members: names.map { Member($0, Array("content of \($0)".utf8)) })
    }

    package var archive: Archive {
        var archive = Archive(bytes: [])
        for member in members { append(member, to: &archive) }
        archive.directory = archive.bytes.count
        for (member, header) in zip(members, archive.headers) {
            append(member, header: header, to: &archive)
        }
        let size = archive.bytes.count - archive.directory
        if hasEnd64 { appendEnd64(size: size, to: &archive) }
        archive.end = archive.bytes.count
        let count = number(UInt64(members.count), 2)
        archive.bytes += number(0x0605_4B50, 4) + zeros(4) + count + count + number(UInt64(size), 4)
        archive.bytes += number(UInt64(archive.directory), 4) + number(UInt64(comment.count), 2) + comment
        return archive
    }

    private func append(_ member: Member, to archive: inout Archive) {
        archive.headers.append(archive.bytes.count)
        let size = UInt64(member.content.count)
        let flags = member.flags | (member.hasDescriptor ? 8 : 0)
        let extra =
            (member.isZip64 ? number(1, 2) + number(16, 2) + number(size, 8) + number(size, 8) : [])
            + member.localExtra
        let sizes: [UInt8]
        if member.hasDescriptor {
            sizes = zeros(12)
        } else if member.isZip64 {
            sizes = number(7, 4) + number(.max, 8)
        } else {
            sizes = number(7, 4) + number(size, 4) + number(size, 4)
        }
        archive.bytes += number(0x0403_4B50, 4) + number(20, 2) + number(flags, 2) + number(member.method, 2)
        archive.bytes += zeros(4) + sizes + number(UInt64(member.name.count), 2)
        archive.bytes += number(UInt64(extra.count), 2) + member.name + extra
        archive.contents.append(archive.bytes.count)
        archive.bytes += member.content
        if member.hasDescriptor {
            archive.bytes += number(0x0807_4B50, 4) + number(7, 4) + number(size, 4) + number(size, 4)
        }
    }

    private func append(_ member: Member, header: Int, to archive: inout Archive) {
        archive.records.append(archive.bytes.count)
        let size = number(UInt64(member.content.count), 8)
        let offset = number(UInt64(header), 8)
        let all = member.isZip64
        let extra = (all ? number(1, 2) + number(24, 2) + size + size + offset : []) + member.extra
        archive.bytes += number(0x0201_4B50, 4) + zeros(4)
        archive.bytes += number(member.flags | (member.hasDescriptor ? 8 : 0), 2) + number(member.method, 2)
        archive.bytes += zeros(4) + number(7, 4) + (all ? number(.max, 8) : Array(size[..<4] + size[..<4]))
        archive.bytes += number(UInt64(member.name.count), 2) + number(UInt64(extra.count), 2)
        archive.bytes += number(UInt64(member.comment.count), 2) + zeros(8)
        archive.bytes += (all ? number(.max, 4) : Array(offset[..<4])) + member.name + extra + member.comment
    }

    private func appendEnd64(size: Int, to archive: inout Archive) {
        archive.end64 = archive.bytes.count
        let count = number(UInt64(members.count), 8)
        archive.bytes += number(0x0606_4B50, 4) + number(44, 8) + zeros(12) + count + count
        archive.bytes += number(UInt64(size), 8) + number(UInt64(archive.directory), 8)
        archive.locator = archive.bytes.count
        archive.bytes += number(0x0706_4B50, 4) + zeros(4) + number(UInt64(archive.end64), 8) + number(1, 4)
    }
}

/// The directory of an archive.
package func zipDirectory(_ bytes: [UInt8]) throws(FormatError) -> ZipCentralDirectory {
    let tail = Array(bytes[ZipCentralDirectory.tail(fileSize: bytes.count)])
    do throws(ZipError) {
        let location = try ZipCentralDirectory.locate(tail: tail.span, fileSize: bytes.count)
        return try ZipCentralDirectory.parse(Array(bytes[location.bytes]).span, at: location)
    } catch { throw error.format }
}

/// The contents of an archive's members by their names, of which every local header is read.
package func zipContents(_ bytes: [UInt8]) throws(FormatError) -> [String: Range<Int>] {
    var contents: [String: Range<Int>] = [:]
    for member in try zipDirectory(bytes).members {
        contents[member.name] = try member.content(localHeader: Array(bytes[member.localHeader]).span)
    }
    return contents
}
