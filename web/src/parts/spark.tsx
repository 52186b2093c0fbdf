// A line of the last minutes, without a scale: the number beside it is the value.
export function Spark({ values, label }: { values: number[]; label: string }) {
    const max = Math.max(1e-9, ...values);
    const width = 160;
    const height = 36;
    const step = values.length > 1 ? width / (values.length - 1) : width;
    const points = values.map((value, at) => `${(at * step).toFixed(1)},${(height - 2 - (value / max) * (height - 4)).toFixed(1)}`);
    return (
        <svg class="spark" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={label}>
            {values.length > 1 && (
                <>
                    <polygon points={`0,${height} ${points.join(' ')} ${width},${height}`} />
                    <polyline points={points.join(' ')} />
                </>
            )}
        </svg>
    );
}
