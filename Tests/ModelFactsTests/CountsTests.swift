import Testing

@testable import Conversion
@testable import Formats
@testable import Manifests
@testable import ModelFacts
@testable import Storage

struct CountsTests {
    @Test(arguments: [
        (0, "0 B"), (1, "1 B"), (812, "812 B"), (999, "999 B"), (1000, "1.00 kB"), (1005, "1.01 kB"),
        (1004, "1.00 kB"), (9994, "9.99 kB"), (9995, "10.0 kB"), (99_949, "99.9 kB"), (99_950, "100 kB"),
        (999_499, "999 kB"), (999_500, "1.00 MB"), (4_976_698_672, "4.98 GB"), (200_000_000_000, "200 GB"),
        (1_000_000_000_000, "1.00 TB"), (Int.max, "9.22 EB"), (Int.min, "-9.22 EB"), (-1500, "-1.50 kB"),
    ])
    func writesSizesInDecimalUnits(bytes: Int, text: String) {
        #expect(ByteCount.text(bytes) == text)
    }

    @Test(arguments: [
        (0, "0"), (512, "512"), (1234, "1.23K"), (22_713_216, "22.7M"), (7_615_616_512, "7.62B"),
        (999_999_999, "1.00B"), (1_026_000_000_000, "1.03T"), (123_456_000_000_000_000, "123456T"),
    ])
    func writesParameters(count: Int, text: String) {
        #expect(ParameterText.text(count) == text)
    }
}
