import Conversion
import Formats
package import Manifests
package import Tensors

/// How many bytes a fitted file may have.
package enum FitBudget: Hashable, Sendable {
    /// The tokens of a context where nobody states them.
    package static let usualContext = 8192

    /// So many bytes, with the header and all.
    case size(Int)
    /// So many thousandths of a bit for each weight, beside the header.
    case millibits(Int)
    /// What an accelerator's memory has room for beside the keys and values of a context.
    case memory(Accelerator, context: Int)

    /// Thousandths of a bit of a number such as "4.25"; `nil` where it is none from 0.001 to 64, or has more digits.
    package static func millibits(of text: String) -> Int? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let digits = parts.joined().allSatisfy { (0x30...0x39).contains($0) }
        guard digits, (1...2).contains(parts.count), (1...2).contains(parts[0].count),
            let whole = Int(String(Substring(parts[0])))
        else { return nil }
        var thousandths = 0
        if parts.count == 2 {
            guard (1...3).contains(parts[1].count), let part = Int(String(Substring(parts[1]))) else {
                return nil
            }
            thousandths = part * [100, 10, 1][parts[1].count - 1]
        }
        let number = whole * 1000 + thousandths
        return (1...64_000).contains(number) ? number : nil
    }

    /// The bytes of the file.
    /// - Parameters:
    ///   - metadata: the model's.
    ///   - elements: the weights of all tensors.
    ///   - overhead: the bytes that are no tensors'.
    /// - Throws: ``Diagnostics`` where the memory does not hold the context, or nobody knows what that takes.
    package func bytes(_ metadata: GGUFMetadata, elements: Int, overhead: Int) throws(Diagnostics) -> Int {
        switch self {
        case .size(let size): return size
        case .millibits(let bits):
            let (high, low) = elements.multipliedFullWidth(by: bits)
            guard high == 0 else { return .max }
            return Int(clamping: low / 8000).addingReportingOverflow(overhead).partialValue
        case .memory(let accelerator, let context):
            let taken: Int
            do throws(QuantizationError) {
                taken = try KeyValueCache.byteCount(metadata, context: context)
            } catch {
                throw Diagnostics(error.diagnostic(code: .fitImpossible, verdict: .undecided))
            }
            let room = accelerator.machine.usableTotal
            guard taken < room else {
                throw Diagnostics(
                    Diagnostic(
                        code: .fitImpossible,
                        "the keys and values of \(context) tokens take \(ByteCount.text(taken)), and "
                            + "\(accelerator.machine.name) has \(ByteCount.text(room))",
                        fix: "take a shorter context"))
            }
            return room - taken
        }
    }
}
