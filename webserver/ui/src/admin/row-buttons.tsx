import { Pencil, Trash2 } from 'lucide-react';
import { Button } from '#ui-kit/button.tsx';

/** Edit and delete at the end of a row. */
export function RowButtons({ name, onEdit, onDelete }: { name: string; onEdit: () => void; onDelete: (() => void) | null }) {
  return (
    <span className="flex justify-end gap-1">
      <Button variant="ghost" size="sm" aria-label={`Edit ${name}`} icon={<Pencil size={14} />} onClick={onEdit} />
      {onDelete === null ? null : (
        <Button variant="ghost" size="sm" aria-label={`Delete ${name}`} icon={<Trash2 size={14} />} onClick={onDelete} />
      )}
    </span>
  );
}
