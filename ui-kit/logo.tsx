/** The mark: a rope drum seen from the front, three turns of rope, a crank to the right. */
export function LogoMark({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" fill="none" role="img" aria-label="Windlass">
      <rect x="3" y="5" width="4" height="22" rx="2" fill="var(--ink)" />
      <rect x="21" y="5" width="4" height="22" rx="2" fill="var(--ink)" />
      <path d="M25 16h3.2V9.5" stroke="var(--ink)" strokeWidth="2.6" strokeLinecap="round" strokeLinejoin="round" />
      <g stroke="var(--brass)" strokeWidth="3.1" strokeLinecap="round">
        <path d="M9.6 13.1 18.4 9.4" />
        <path d="M9.6 18 18.4 14.3" />
        <path d="M9.6 22.9 18.4 19.2" />
      </g>
    </svg>
  );
}

/** The mark with the name beside it. */
export function Logo({ suffix }: { suffix?: string | undefined }) {
  return (
    <span className="inline-flex items-center gap-2">
      <LogoMark size={22} />
      <span className="text-[15px] font-semibold tracking-[-0.02em] text-ink">
        Windlass
        {suffix === undefined ? null : <span className="ml-1.5 font-normal text-ink-3">{suffix}</span>}
      </span>
    </span>
  );
}
