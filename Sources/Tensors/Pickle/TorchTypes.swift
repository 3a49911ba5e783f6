import Formats

/// PyTorch's names of element types, as pickles have them.
enum TorchTypes {
    /// The type of a storage's elements, by the name of its class in the module `torch`.
    static let storages: [ExactName: DType] = [
        "BoolStorage": .bool, "ByteStorage": .u8, "CharStorage": .i8, "ShortStorage": .i16,
        "IntStorage": .i32,
        "LongStorage": .i64, "HalfStorage": .f16, "BFloat16Storage": .bf16, "FloatStorage": .f32,
        "DoubleStorage": .f64, "ComplexFloatStorage": .c64,
    ]

    /// A type by its name in the module `torch`.
    static let types: [ExactName: DType] = [
        "bool": .bool, "uint8": .u8, "int8": .i8, "int16": .i16, "uint16": .u16, "int32": .i32,
        "uint32": .u32,
        "int64": .i64, "uint64": .u64, "float16": .f16, "bfloat16": .bf16, "float32": .f32, "float64": .f64,
        "complex64": .c64, "float8_e4m3fn": .f8e4m3, "float8_e5m2": .f8e5m2, "float8_e8m0fnu": .f8e8m0,
        "float8_e4m3fnuz": .f8e4m3fnuz, "float8_e5m2fnuz": .f8e5m2fnuz,
    ]

    /// The type that a class of storages has; `nil` for one of plain bytes and for one that is not known.
    static func element(of storage: PickleTree.Global) -> DType? {
        storage.module == "torch" || storage.module == "torch.storage" ? storages[storage.name] : nil
    }

    /// The type of a name like `torch.float8_e4m3fn`.
    static func type(_ global: PickleTree.Global) -> DType? {
        global.module == "torch" ? types[global.name] : nil
    }
}
