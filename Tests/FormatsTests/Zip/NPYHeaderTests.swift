import TestSupport
import Testing

@testable import Formats

func npyHeader(_ bytes: [UInt8]) throws -> NPYHeader {
    guard case .complete(let header) = try NPYHeader.parse(bytes.span, fileSize: bytes.count) else {
        throw FormatError("the whole file is not enough", at: bytes.count)
    }
    return header
}

private let good = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }"

private let refused: [Refusal] = [
    .init("no bytes", [], at: 0),
    .init("another magic string", zeros(100), at: 0),
    .init("version 4", npy(good, version: 4, data: 48), at: 6),
    .init("version 1.1", npy(good).enumerated().map { $0.offset == 7 ? 1 : $0.element }, at: 6),
    .init("a header past the file", Array(npy(good).dropLast()), at: 10),
    .init("a header of 2^32 - 1 bytes", Array(npy("", version: 2).dropLast(4)) + number(.max, 4), at: 12),
    .init("an empty header", npy(""), at: 10),
    .init("a list", npy("[]"), at: 10),
    .init("a dictionary that does not end", npy("{"), at: 11),
    .init("an empty dictionary", npy("{}"), at: 12),
    .init("no shape", npy("{'descr': '<f4', 'fortran_order': False}"), at: 50),
    .init("a member twice", npy("{'descr': '<f4', 'descr': '<f4'}"), at: 27),
    .init("another member", npy("{'x': 1}"), at: 11),
    .init("no comma", npy("{'descr': '<f4' 'shape': (1,)}"), at: 26),
    .init("a string without an end", npy("{'descr"), at: 12),
    .init("a string with an escape", npy(#"{'descr': '\x3cf4'}"#), at: 21),
    .init("a number in place of a type", npy("{'descr': 4}"), at: 20),
    .init("a list without an end", npy("{'descr': [('a', '<f4')"), at: 20),
    .init("neither True nor False", npy("{'fortran_order': 0}"), at: 28),
    .init("a negative dimension", npy("{'shape': (-1,)}"), at: 21),
    .init("a dimension past 63 bits", npy("{'shape': (9223372036854775808,)}"), at: 21),
    .init("a tuple without an end", npy("{'shape': (1"), at: 22),
    .init("two dictionaries", npy(good + "{}"), at: 69),
    .init("too few elements", npy(good, data: 47), at: 69),
    .init("too many elements", npy(good, data: 49), at: 69),
    .init(
        "a size past 63 bits",
        npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}"), at: 0),
]

struct NPYHeaderTests {
    @Test(arguments: refused)
    func refuses(file: Refusal) {
        let error = #expect(throws: FormatError.self) {
            try NPYHeader.parse(file.bytes.span, fileSize: file.bytes.count)
        }
        #expect(error?.offset == file.offset, "\(error?.description ?? "")")
    }

    @Test func readsTypeAndShape() throws {
        let header = try npyHeader(npy(good + "  \n", data: 48))
        #expect(header == NPYHeader(descr: "<f4", isFortranOrder: false, shape: [3, 4], dataStart: 72))
        let python2 = "{'descr':\"|O\",'fortran_order':True,'shape':(3L,4L)}"
        let other = try npyHeader(npy(python2, version: 3, data: 5))
        #expect(other.descr == "|O" && other.isFortranOrder && other.shape == [3, 4])
        let record = "{'descr': [('a]', '<f4'), ('b', '<i2', (3,))], 'fortran_order': False, 'shape': (), }"
        #expect(try npyHeader(npy(record, version: 2, data: 10)).descr == nil)
    }

    @Test(arguments: [
        ("<f4", 4), (">f8", 8), ("|i1", 1), ("|b1", 1), ("<c16", 16), ("<U5", 20), ("|S3", 3), ("|V7", 7),
        ("<M8[ns]", 8), ("<m8[25s]", 8), ("=i2", 2), ("?", 1), ("|O", nil), ("", nil), ("<", nil),
        ("<f", nil),
        ("<f-4", nil), ("<f99999999999999999999", nil), ("<U9223372036854775807", nil), ("x4", nil),
    ])
    func knowsTheSizeOfElements(descr: String, size: Int?) {
        let header = NPYHeader(descr: descr, isFortranOrder: false, shape: [], dataStart: 0)
        #expect(header.elementSize == size)
    }

    @Test func saysHowMuchIsMissing() throws {
        let bytes = npy(good, data: 48)
        for count in 0..<69 {
            let parsing = try NPYHeader.parse(bytes.span.extracting(first: count), fileSize: bytes.count)
            guard case .needsMore(let least) = parsing else {
                Issue.record("complete after \(count) bytes")
                return
            }
            #expect(least > count && least <= 69)
        }
    }
}
