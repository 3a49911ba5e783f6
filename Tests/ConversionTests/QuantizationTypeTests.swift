import Testing

@testable import Conversion
@testable import Tensors

@Suite struct QuantizationTypeTests {
    @Test func everyTypeHasAnotherNameAndNumber() {
        let all = QuantizationType.all
        #expect(all.count == 36)
        #expect(Set(all.map(\.name)).count == all.count)
        #expect(Set(all.filter { !$0.isCopy }.map(\.fileType)).count == FileType.allCases.count)
        #expect(all.allSatisfy { $0.mixture != nil || $0.isCopy })
    }

    @Test(arguments: [
        ("Q4_K_M", "Q4_K_M"), ("q4_k_m", "Q4_K_M"), ("Q4_K", "Q4_K_M"), ("q5_k", "Q5_K_M"),
        ("Q3_K", "Q3_K_M"),
        ("15", "Q4_K_M"), ("0", "F32"), ("2", "Q4_0"), ("copy", "COPY"), ("mxfp4_moe", "MXFP4_MOE"),
        ("40", "Q1_0"),
    ]) func readsNamesAndNumbers(text: String, name: String) throws {
        #expect(try QuantizationType(named: text).name == name)
    }

    @Test(arguments: [
        ("Q4_K_XL", "did you mean Q4_K_S or Q4_K_M?"), ("Q80", "did you mean Q8_0?"),
        ("IQ4_X", "did you mean"),
        ("", "allowed are"), ("99", "allowed are"), ("nonsense", "allowed are"), ("15x", "allowed are"),
    ]) func namesTheNearestForAWrongName(text: String, hint: String) {
        let error = #expect(throws: QuantizationError.self) { try QuantizationType(named: text) }
        #expect(error?.hint?.hasPrefix(hint) == true, "\(String(describing: error))")
    }

    @Test func tellsWhichTypeAFileBetweenNeeds() {
        let error = #expect(throws: QuantizationError.self) { try GGUFProduct(named: "auto", via: .f16) }
        #expect(error?.hint?.hasPrefix("name one such as Q4_K_M") == true, "\(String(describing: error))")
    }

    @Test func knowsTheBitsOfAWeight() throws {
        #expect(try QuantizationType(named: "Q4_K_M").bitsPerWeight == 4.5)
        #expect(try QuantizationType(named: "IQ1_S").bitsPerWeight == 1.5625)
        #expect(try QuantizationType(named: "F16").bitsPerWeight == 16)
    }

    @Test func tensorTypesAreThoseThatCanBeMade() throws {
        #expect(try GGMLType(convertibleNamed: "q4_k") == .q4K)
        #expect(try GGMLType(convertibleNamed: "NVFP4") == .nvfp4)
        for name in ["I32", "Q8_K", "Q8_1", "Q4_K_M", ""] {
            #expect(throws: QuantizationError.self) { try GGMLType(convertibleNamed: name) }
        }
    }
}
