@_exported public import BlockTypes
import CProcessor
import Kernels
import KernelsV3
import KernelsV4
import Synchronization

/// A level of the x86-64 instructions (x86-64 psABI, section 3.1.1) that the kernels are compiled for.
///
/// All give the same bytes: none fuses a product and a sum, and none changes the order of operations.
package enum ProcessorLevel: Int, Sendable, CaseIterable {
    /// What every processor has; on others than x86-64 the only one.
    case baseline = 1
    /// AVX2 and what came with it.
    case v3 = 3
    /// AVX-512 in the parts that came with its second generation.
    case v4 = 4

    /// The name that `KNAPSACK_CPU` has for it.
    package var name: String { self == .baseline ? "baseline" : "v\(rawValue)" }

    /// The highest that this machine has.
    package static let highest = ProcessorLevel(rawValue: Int(knapsack_processor_level())) ?? .baseline

    private static let chosen = Atomic(0)

    /// The level that is used from now on, by all threads; `nil` for the highest.
    ///
    /// One that the machine does not have would end the program at the first kernel: that is a programmer's mistake.
    package static func use(_ level: ProcessorLevel?) {
        precondition((level ?? .baseline).rawValue <= highest.rawValue)
        chosen.store(level?.rawValue ?? 0, ordering: .relaxed)
    }

    /// The level that is used.
    package static var current: ProcessorLevel {
        ProcessorLevel(rawValue: chosen.load(ordering: .relaxed)) ?? highest
    }

    /// What is compiled for this level.
    package var kernels: KernelSet {
        switch self {
        case .baseline: Kernels.kernels
        case .v3: KernelsV3.kernels
        case .v4: KernelsV4.kernels
        }
    }
}

extension GGMLType {
    /// How floats are stored in this type; `nil` for integers, and for types that only exist while a model
    /// runs (`Q8_1`, `Q8_K`).
    package var format: (any BlockFormat.Type)? { ProcessorLevel.current.kernels.format(self) }
}
