import Formats
import Testing

@testable import ModelFiles

@Suite struct LlamaOutputTests {
    private static let extent = LogitsExtent(context: 64, chunks: 20, vocabulary: 300)
    private static let good = """
        chunk             PPL               ln(PPL(Q)/PPL(base))          KL Divergence
           1     341.1 ±    6.3      -0.00377 ±    0.00064       0.00411 ±    0.00001
        ====== Perplexity statistics ======
        Mean PPL(Q)                   : 344.059306 ±   4.652409
        Mean PPL(base)                : 342.491433 ±   4.711250
        Cor(ln(PPL(Q)), ln(PPL(base))):  95.03%
        ====== KL divergence statistics ======
        Mean    KLD:   0.003657 ±   0.000043
        Maximum KLD:   0.008002
        99.9%   KLD:   0.007300
        99.0%   KLD:   0.006690
        Median  KLD:   0.003550
        RMS Δp    :  0.034 ± 0.000 %
        Same top p: 68.710 ± 1.864 %
        """

    private static func figures(_ text: String) throws(LlamaOutput.Problem) -> LogitsFigures {
        try LlamaOutput.figures(Array(text.utf8), extent)
    }

    @Test func readsFigures() throws {
        let figures = try Self.figures(Self.good)
        #expect(figures.original == LogitsFigures.Estimate(342.491433, 4.711250))
        #expect(figures.other == LogitsFigures.Estimate(344.059306, 4.652409))
        #expect(figures.divergence == LogitsFigures.Estimate(0.003657, 0.000043))
        #expect(figures.median == 0.00355 && figures.percentile99 == 0.00669 && figures.greatest == 0.008002)
        #expect(abs(figures.agreement.value - 0.6871) < 1e-12)
        #expect(figures.extent.judged == 620)
    }

    @Test(arguments: [
        ("Mean    KLD:   0.003657 ±   0.000043", ""),
        ("0.003657 ±   0.000043", "nan ± nan"),
        ("0.003657 ±   0.000043", "inf ± 0.1"),
        ("0.003657 ±   0.000043", "-0.5 ± 0.1"),
        ("0.003657 ±   0.000043", "0.003657"),
        ("0.003657 ±   0.000043", "0x1p3 ± 0.1"),
        ("0.003657 ±   0.000043", "1e9 ± 0.1"),
        ("0.003657 ±   0.000043", "0.003657 ± -1.0"),
        ("342.491433", "0.5"),
        ("68.710", "168.710"),
        ("1.864 %", "1.864"),
        ("Median  KLD:   0.003550", "Median  KLD:   0.003550\nMedian  KLD:   0.003551"),
        ("Median  KLD:   0.003550", "Median  KLD:   one"),
    ])
    func refuses(_ part: String, _ other: String) {
        #expect(Self.good.contains(part))
        #expect(throws: LlamaOutput.Problem.self) {
            try Self.figures(Self.good.replacing(part, with: other))
        }
    }

    @Test func readsVersions() {
        let text = "warning: x\nversion: 0.5.0-dev (build 1, commit 0c1e570)\nbuilt with GNU\n"
        #expect(LlamaOutput.version(Array(text.utf8)) == "0.5.0-dev (build 1, commit 0c1e570)")
        #expect(LlamaOutput.version(Array("built with GNU\n".utf8)) == nil)
        #expect(LlamaOutput.version(Array("version: \u{1B}[31m1\n".utf8)) == nil)
    }

    @Test func showsReasonsAsPlainText() {
        let text = "0.00 I loading\nerror: \u{1B}[31mno such file\r\nmore\n"
        #expect(LlamaOutput.reasons(Array(text.utf8)) == ["error: ?[31mno such file"])
    }

    @Test func knowsTheSizeOfLogits() {
        // A run of llama-perplexity (0c1e570) on 20 chunks of 64 tokens of 300.
        #expect(LogitsFile.size(Self.extent) == 382_100)
        #expect(LogitsFile.size(LogitsExtent(context: 1 << 40, chunks: 1 << 40, vocabulary: 1 << 40)) == nil)
    }
}
