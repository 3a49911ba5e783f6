import Bundling
import Conversion
import Tensors

/// What a quantization does or did, for people and for `--json`.
struct QuantizationReport {
    private let plan: QuantizationPlan
    private let output: ModelOutput
    private let type: QuantizationType

    init(_ quantizer: Quantizer, type: QuantizationType) {
        plan = quantizer.plan
        output = quantizer.output
        self.type = type
    }

    /// Every tensor with its types and sizes.
    func tensors(width: Int) -> String {
        let rows = plan.tensors.map { tensor in
            [
                tensor.source.name, tensor.source.dimensions.map(String.init).joined(separator: " × "),
                tensor.source.type.name, tensor.isConverted ? tensor.type.name : "copied",
                ByteCount.text(tensor.sourceSize), ByteCount.text(tensor.size),
                tensor.fallback.map { "instead of \($0.wanted.name), \(signed($0.cost))" } ?? "",
            ]
        }
        return Table(
            [
                .init(title: "TENSOR", canShrink: true), .init(title: "SHAPE"), .init(title: "FROM"),
                .init(title: "TO"), .init(title: "SIZE", isNumber: true),
                .init(title: "BECOMES", isNumber: true), .init(title: "", canShrink: true),
            ], rows: rows
        ).text(width: width)
    }

    /// What each type has of the tensors, the largest first; without the newline at its end.
    func types(width: Int) -> String {
        var rows = shares.map { share in
            [
                share.type.name, "\(share.tensors)", ParameterCount.text(share.elements),
                ByteCount.text(share.size),
            ]
        }
        rows.append(["in all", "\(plan.tensors.count)", ParameterCount.text(elements), ByteCount.text(size)])
        var text = Table(
            [
                .init(title: "TYPE"), .init(title: "TENSORS", isNumber: true),
                .init(title: "PARAMETERS", isNumber: true), .init(title: "SIZE", isNumber: true),
            ], rows: rows
        ).text(width: width)
        text.removeLast()
        return text
    }

    /// Shapes that did not allow the types that were asked for.
    var warnings: [Diagnostic] {
        let fallen = plan.tensors.filter { $0.fallback != nil }
        guard !fallen.isEmpty else { return [] }
        let cost = fallen.reduce(0) { $0 + ($1.fallback?.cost ?? 0) }
        return [
            Diagnostic(
                .warning, code: "quantize-fallback",
                "\(fallen.count) of \(plan.tensors.count) tensors get another type because of their shape: \(signed(cost))",
                notes: fallbacks.map { fallback in
                    "\(fallback.tensors) \(fallback.wanted) became \(fallback.type): \(fallback.reason), "
                        + signed(fallback.cost)
                })
        ]
    }

    /// "x.gguf: 4.58 GB, 4.85 bits per weight, from 15.0 GB with 16.0".
    var closing: String {
        let first = output.files[0].path
        let place = output.files.count == 1 ? first : "\(first) and \(output.files.count - 1) more"
        return "\(place): \(ByteCount.text(output.size)), \(bits(size)) bits per weight, from "
            + "\(ByteCount.text(sourceSize)) with \(bits(sourceSize))"
    }

    /// Adds to the document of `--json`.
    func add(to session: Session) {
        session.add("files", .array(output.files.map { .string($0.path) }))
        session.add("size", .integer(output.size))
        session.add("source_tensor_size", .integer(sourceSize))
        session.add("tensor_size", .integer(size))
        session.add("parameters", .integer(elements))
        session.add("fallback_cost", .integer(plan.tensors.reduce(0) { $0 + ($1.fallback?.cost ?? 0) }))
        session.add("tensors", .array(plan.tensors.map(\.json)))
    }

    // MARK: Sums

    private var elements: Int { plan.tensors.reduce(0) { $0 + $1.source.dimensions.reduce(1, &*) } }
    private var size: Int { plan.tensors.reduce(0) { $0 + $1.size } }
    private var sourceSize: Int { plan.tensors.reduce(0) { $0 + $1.sourceSize } }

    private var shares: [(type: GGMLType, tensors: Int, elements: Int, size: Int)] {
        GGMLType.allCases.compactMap { type in
            let tensors = plan.tensors.filter { $0.type == type }
            guard !tensors.isEmpty else { return nil }
            return (
                type, tensors.count, tensors.reduce(0) { $0 + $1.source.dimensions.reduce(1, &*) },
                tensors.reduce(0) { $0 + $1.size }
            )
        }.sorted { $0.size > $1.size }
    }

    private struct FallbackSum {
        let wanted: String
        let type: String
        let reason: String
        var tensors = 0
        var cost = 0
    }

    /// Fallbacks of the same kind together, in the order in which they come first.
    private var fallbacks: [FallbackSum] {
        var sums: [FallbackSum] = []
        for tensor in plan.tensors {
            guard let fallback = tensor.fallback else { continue }
            let sum = FallbackSum(
                wanted: fallback.wanted.name, type: tensor.type.name, reason: fallback.reason)
            let place =
                sums.firstIndex {
                    $0.wanted == sum.wanted && $0.type == sum.type && $0.reason == sum.reason
                } ?? sums.endIndex
            if place == sums.endIndex { sums.append(sum) }
            sums[place].tensors += 1
            sums[place].cost += fallback.cost
        }
        return sums
    }

    private func signed(_ bytes: Int) -> String {
        bytes < 0 ? "\(ByteCount.text(-bytes)) less" : "\(ByteCount.text(bytes)) more"
    }

    /// Bits for each element, with two decimals.
    private func bits(_ bytes: Int) -> String {
        guard elements > 0 else { return "0" }
        let hundredths = Int((Double(bytes) * 800 / Double(elements)).rounded())
        let rest = String(hundredths % 100)
        return "\(hundredths / 100)." + String(repeating: "0", count: 2 - rest.count) + rest
    }
}

extension QuantizationPlan.Tensor {
    fileprivate var json: JSON {
        var members: [JSON.Member] = [
            .init("name", .string(source.name)),
            .init("dimensions", .array(source.dimensions.map(JSON.integer))),
            .init("from", .string(source.type.name)), .init("to", .string(type.name)),
            .init("source_size", .integer(sourceSize)), .init("size", .integer(size)),
        ]
        if let fallback {
            members += [
                .init("wanted", .string(fallback.wanted.name)), .init("reason", .string(fallback.reason)),
                .init("cost", .integer(fallback.cost)),
            ]
        }
        return .object(members)
    }
}
