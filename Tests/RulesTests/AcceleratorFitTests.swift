import Testing

@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Rules

/// On which accelerators a model runs, decided by the rules of `check`.
@Suite struct AcceleratorFitTests {
    private static func facts(_ weights: [(dtype: String, bytes: Int)], parameters: Int?) -> ModelFacts {
        ModelFacts(
            card: nil, config: nil, formats: weights.isEmpty ? [] : [.safetensors],
            dtypes: weights.map(\.dtype),
            parameters: parameters, weightBytes: weights, needs: [], shards: [], problems: [])
    }

    private static func fits(size: Int, _ dtype: String, parameters: Int) -> [AcceleratorFit] {
        AcceleratorFit.all(
            [("model.safetensors", size)], facts([(dtype, size)], parameters: parameters))
    }

    @Test func aSmallModelRunsEverywhereButNeedsCareWhereThereIsNoBF16() throws {
        let fits = Self.fits(size: 1_000_000_000, "BF16", parameters: 500_000_000)
        #expect(fits.map(\.accelerator) == Accelerator.allCases)
        let t4 = try #require(fits.first { $0.accelerator == .t4x2 })
        #expect(t4.verdict == .care && t4.reasons.first?.contains("BF16") == true)
        #expect(fits.first { $0.accelerator == .h100 }?.verdict == .yes)
        #expect(fits.first { $0.accelerator == .h100 }?.reasons == [])
    }

    @Test func aModelThatIsTooLargeDoesNotRun() throws {
        let fits = Self.fits(size: 140_000_000_000, "F16", parameters: 70_000_000_000)
        let h100 = try #require(fits.first { $0.accelerator == .h100 })
        #expect(h100.verdict == .no && h100.reasons.first?.hasPrefix("its weights have 140 GB") == true)
        #expect(fits.first { $0.accelerator == .tpuV6e }?.verdict != .no)
    }

    @Test func whatKaggleHasRetiredNeedsCare() {
        let fits = Self.fits(size: 1000, "F16", parameters: 500)
        #expect(fits.first { $0.accelerator == .p100 }?.verdict == .care)
    }

    @Test func whatHasNoWeightsFitsNowhere() {
        #expect(AcceleratorFit.all([("README.md", 5)], Self.facts([], parameters: nil)).isEmpty)
    }
}
