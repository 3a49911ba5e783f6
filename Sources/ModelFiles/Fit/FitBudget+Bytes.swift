import Conversion
import Formats
package import Manifests
package import Tensors

extension FitBudget {
    /// The bytes of the file.
    /// - Parameters:
    ///   - metadata: the model's.
    ///   - elements: the weights of all tensors.
    ///   - overhead: the bytes that are no tensors'.
    /// - Throws: ``Diagnostics`` where the memory does not hold the context, or nobody knows what that takes.
    package func bytes(_ metadata: GGUFMetadata, elements: Int, overhead: Int) throws(Diagnostics) -> Int {
        switch self {
        case .size(let size): return size
        // Whoever divides it states the size.
        case .shared: return .max
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
