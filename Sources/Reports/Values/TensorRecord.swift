package import Formats
import Manifests

/// One tensor of a file, as a lock or the file's own header states it.
package struct TensorRecord: Equatable, Sendable {
    /// The name in the file.
    package let name: String
    /// The type of the elements in the format's own words; `nil` where nothing states it.
    package let type: String?
    /// The number of elements; `nil` where nothing states it, or there is no such number.
    package let elements: Int?
    /// Where its bytes are in the file.
    package let bytes: Range<Int>

    /// Records a tensor; the shape is `nil` where it is not known.
    package init(name: String, type: String?, shape: [Int]?, bytes: Range<Int>) {
        self.name = name
        self.type = type
        self.bytes = bytes
        elements = shape.flatMap { shape in
            var product = 1
            for extent in shape {
                let (next, overflow) = product.multipliedReportingOverflow(by: extent)
                guard !overflow, next >= 0 else { return nil }
                product = next
            }
            return product
        }
    }

    /// What a lock states of a tensor.
    init(_ tensor: LockedTensor) {
        self.init(name: tensor.name, type: tensor.dtype, shape: tensor.shape, bytes: tensor.bytes)
    }

    /// As much of the name as is needed inside of its layer: "mlp.up_proj" of "model.layers.12.mlp.up_proj.weight".
    var short: String? {
        var part = name
        if let layer {
            let start = layer.text + "."
            guard name.hasUTF8Prefix(start), let rest = String(name.utf8.dropFirst(start.utf8.count)) else {
                return nil
            }
            part = rest
        }
        let usual = ".weight"
        if part.hasUTF8Suffix(usual), let rest = String(part.utf8.dropLast(usual.utf8.count)) { part = rest }
        return part.isEmpty ? nil : part
    }

    /// The layer that it belongs to.
    package var layer: LayerName? { LayerName(tensor: name) }
}

/// A layer: the part of a tensor's name up to its first number, such as "model.layers.12" or "blk.3".
package struct LayerName: Hashable, Comparable, Sendable {
    /// What is before the number.
    package let stem: ExactName
    /// The number.
    package let number: Int

    /// `nil` for tensors that belong to no layer, such as embeddings.
    package init?(tensor name: String) {
        var stem: [Substring.UTF8View] = []
        for part in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            if !part.isEmpty, part.count < 10, part.allSatisfy({ (0x30...0x39).contains($0) }) {
                guard !stem.isEmpty else { return nil }
                self.stem = ExactName(stem.map { String(Substring($0)) }.joined(separator: "."))
                number = part.reduce(0) { $0 * 10 + Int($1 - 0x30) }
                return
            }
            stem.append(part)
        }
        return nil
    }

    /// "model.layers.12".
    package var text: String { "\(stem.text).\(number)" }

    /// "layers.12".
    var short: String {
        "\(String(decoding: stem.text.utf8.split(separator: UInt8(ascii: ".")).last ?? [], as: UTF8.self)).\(number)"
    }

    /// By the stem's bytes, then by number.
    package static func < (left: LayerName, right: LayerName) -> Bool {
        left.stem == right.stem ? left.number < right.number : left.stem < right.stem
    }
}
