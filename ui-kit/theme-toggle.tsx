import { Monitor, Moon, Sun } from 'lucide-react';
import { Button } from './button.tsx';
import { setTheme, type Theme, useTheme } from './theme.ts';

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const ICONS = { system: Monitor, light: Sun, dark: Moon } as const;

/** Cycles system → light → dark. */
export function ThemeToggle() {
  const theme = useTheme();
  const Icon = ICONS[theme];
  return (
    <Button
      variant="ghost"
      size="sm"
      aria-label={`Theme: ${theme}. Switch to ${NEXT[theme]}`}
      title={`Theme: ${theme}`}
      icon={<Icon size={15} />}
      onClick={() => setTheme(NEXT[theme])}
    />
  );
}
