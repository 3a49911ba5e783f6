import TestSupport
import Testing

@testable import Formats
@testable import Tensors

/// Reads checkpoints that torch.save wrote; see `fixtures/torch/make.py`.
struct TorchCheckpointTests {
    private func read(_ name: String) throws -> TorchCheckpoint {
        try torchCheckpoint(fixture(name, in: "torch"))
    }

    @Test(arguments: 1...5)
    func readsEveryProtocol(_ version: Int) throws {
        let bytes = fixture("plain-\(version).bin", in: "torch")
        let checkpoint = try torchCheckpoint(bytes)
        let tensors = checkpoint.tensors
        #expect(
            tensors.map(\.name) == [
                "a.weight", "a.transposed", "a.part", "embed.weight", "head.weight", "scalar", "empty",
                "expanded", "eight", "words", "yes",
            ])
        #expect(
            tensors.map(\.dtype) == [
                .f32, .f32, .f32, .bf16, .bf16, .i64, .f16, .f64, .f8e4m3, .u16, .bool,
            ])
        #expect(
            tensors.map(\.shape) == [
                [3, 4], [4, 3], [2], [2, 3], [2, 3], [], [0, 5], [4, 3], [3], [2], [2],
            ])
        #expect(tensors[1].strides == [1, 4])
        #expect(tensors[2].strides == [4])
        #expect(tensors[7].strides == [0, 0])
        #expect(tensors[0].bytes == tensors[1].bytes)
        #expect(tensors[3].bytes == tensors[4].bytes)
        #expect(tensors[2].bytes.count == 5 * 4)
        #expect(tensors[2].bytes.lowerBound == tensors[0].bytes.lowerBound + 6 * 4)
        #expect(tensors[6].bytes.isEmpty)
        #expect(Array(bytes[tensors[5].bytes]) == [7, 0, 0, 0, 0, 0, 0, 0])
        #expect(Array(bytes[tensors[8].bytes]) == [0x38, 0xC0, 0x30])
        #expect(Array(bytes[tensors[9].bytes]) == [1, 0, 255, 255])
        #expect(Array(bytes[tensors[10].bytes]) == [1, 0])
        #expect(checkpoint.skipped.isEmpty)
        #expect(checkpoint.globals.first == "collections.OrderedDict")
        #expect(checkpoint.globals.contains("torch.float8_e4m3fn"))
    }

    @Test func takesTheWrapperOffWeights() throws {
        let checkpoint = try read("training.pt")
        #expect(checkpoint.tensors.map(\.name) == ["w", "b", "optimizer.state.0.exp_avg"])
        #expect(checkpoint.skipped.map(\.name) == ["sparse"])
        #expect(checkpoint.skipped.first?.kind == "torch._utils._rebuild_sparse_tensor")
    }

    @Test func refusesPickledModules() {
        #expect(message("module.pt").contains("torch.nn.modules.linear.Linear"))
    }

    @Test func refusesTheOldFormat() {
        #expect(message("old.pt").contains("before PyTorch 1.6"))
    }

    @Test func refusesBrokenArchives() {
        #expect(error([]).contains("not a zip archive"))
        #expect(error(ZipBuilder.file("a").archive.bytes).contains("no data.pkl"))
        var builder = ZipBuilder.file("x/data.pkl")
        builder.members[0].method = 8
        #expect(error(builder.archive.bytes).contains("compressed"))
        builder = ZipBuilder(members: [.init("x/data.pkl", pickle), .init("x/byteorder", Array("big".utf8))])
        #expect(error(builder.archive.bytes).contains("little-endian"))
        builder = ZipBuilder(members: [.init("x/data.pkl", pickle)])
        #expect(error(builder.archive.bytes).contains("the storage \"0\""))
        builder.members.append(.init("x/data/0", zeros(47)))
        #expect(error(builder.archive.bytes).contains("passes its storage of 47 bytes"))
        builder.members[1].content.append(0)
        #expect(throws: Never.self) { try torchCheckpoint(builder.archive.bytes) }
    }

    /// A dictionary with one tensor of 3 × 4 floats.
    private var pickle: [UInt8] {
        var bytes: [UInt8] = Array("}U\u{1}wctorch._utils\n_rebuild_tensor_v2\n((U\u{7}storagectorch\n".utf8)
        bytes += Array("FloatStorage\nU\u{1}0U\u{3}cpuK\u{C}tQK\u{0}K\u{3}K\u{4}".utf8) + [0x86]
        return bytes + Array("K\u{4}K\u{1}".utf8) + [0x86] + Array("tRs.".utf8)
    }

    private func message(_ name: String) -> String { error(fixture(name, in: "torch")) }

    private func error(_ bytes: [UInt8]) -> String {
        do {
            _ = try torchCheckpoint(bytes)
            return "no error"
        } catch {
            return "\(error)"
        }
    }
}

/// Reads a checkpoint in memory.
func torchCheckpoint(_ bytes: [UInt8]) throws(FormatError) -> TorchCheckpoint {
    switch TorchCheckpoint.read(fileSize: bytes.count, bytes: { Array(bytes[$0]) }) {
    case .checkpoint(let checkpoint): return checkpoint
    case .malformed(let error): throw error
    }
}
