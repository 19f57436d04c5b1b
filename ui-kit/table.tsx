import type { ReactNode, TableHTMLAttributes } from 'react';
import { cx } from './class-names.ts';

/** A dense table inside a box that scrolls sideways when it must. Write plain thead/tbody/tr/th/td inside. */
export function Table({
  label,
  dense = false,
  children,
  className,
  ...rest
}: { label: string; dense?: boolean; children: ReactNode } & TableHTMLAttributes<HTMLTableElement>) {
  return (
    <div className="w-full overflow-x-auto rounded-[inherit]">
      <table aria-label={label} {...rest} className={cx('wl-table', dense && 'wl-table-dense', className)}>
        {children}
      </table>
    </div>
  );
}
